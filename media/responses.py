"""Files as answers: whole or in part, conditional, sent by this server or by the proxy in front of it."""

from __future__ import annotations

import os
import re
import unicodedata
from http import HTTPStatus
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, parse_http_date_safe

from libraries.models import MediaFile
from media.content_types import content_type
from media.opening import OpenMedia, open_track, relative_path
from media.ranges import ByteRange, NoSuchRange, parse_range
from media.sources import FileSource
from navidrome_lib.api.streams import PulledResponse
from navidrome_lib.config.media import ACCEL, SENDFILE

# kept by the browser that asked, which asks again before it uses them: the account may have lost the library
CACHING = "private, no-cache"
SECOND_NS = 1_000_000_000


def track_response(request: HttpRequest, track: MediaFile, *, as_download: bool = False) -> HttpResponseBase:
    """The file of a track; `StorageAway` when it cannot be read. `library` and `folder` should be at hand."""
    media = open_track(track)
    response = file_response(request, media, content_type(track.suffix))
    if isinstance(response, PulledResponse) and settings.CONF.media.send_files_by in (ACCEL, SENDFILE):
        response = proxied(response, track)
    response["X-Content-Duration"] = seconds(track.duration)
    if as_download:
        response["Content-Disposition"] = attachment(file_name(track))
    return response


def file_response(request: HttpRequest, media: OpenMedia, media_type: str) -> HttpResponseBase:
    """An open file, which the answer closes: 200, 206, 304, 412 or 416."""
    modified = media.mtime_ns // SECOND_NS
    try:
        response = conditional(request, media.etag, modified) or ranged(request, media, modified)
    except BaseException:
        media.close()
        raise
    if not isinstance(response, PulledResponse):
        media.close()
    response["ETag"] = media.etag
    response["Last-Modified"] = http_date(modified)
    response["Cache-Control"] = CACHING
    response["X-Content-Type-Options"] = "nosniff"
    response["Accept-Ranges"] = "bytes"
    if response.status_code in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        response["Content-Type"] = media_type
    return response


def conditional(request: HttpRequest, etag: str, modified: int | None) -> HttpResponseBase | None:
    """304 or 412 where the client's conditions ask for it."""
    found = get_conditional_response(request, etag, modified)
    if found is not None and found.status_code in (HTTPStatus.NOT_MODIFIED, HTTPStatus.PRECONDITION_FAILED):
        return found
    return None


def ranged(request: HttpRequest, media: OpenMedia, modified: int) -> HttpResponseBase:
    """The whole file or the range that was asked for; 416 when the file does not have it."""
    try:
        wanted = parse_range(request.headers["Range"], media.size) if asks_for_range(request, media, modified) else None
    except NoSuchRange:
        response = HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, content_type="text/plain")
        response["Content-Range"] = f"bytes */{media.size}"
        return response
    part = wanted or ByteRange(0, media.size)
    status = HTTPStatus.OK if wanted is None else HTTPStatus.PARTIAL_CONTENT
    answer = PulledResponse(FileSource(media, part.offset, part.length), status=status)
    answer["Content-Length"] = str(part.length)
    if wanted is not None:
        answer["Content-Range"] = f"bytes {part.offset}-{part.offset + part.length - 1}/{media.size}"
    return answer


def asks_for_range(request: HttpRequest, media: OpenMedia, modified: int) -> bool:
    """Whether a range counts: `If-Range` may say that it belongs to a file that is no more."""
    # clients of the Subsonic protocol ask for ranges by POST, too
    if request.method not in ("GET", "HEAD", "POST") or "Range" not in request.headers:
        return False
    condition = request.headers.get("If-Range", "").strip()
    if not condition:
        return True
    if condition.startswith(('"', "W/")):
        return condition == media.etag
    return parse_http_date_safe(condition) == modified


def proxied(response: PulledResponse, track: MediaFile) -> HttpResponseBase:
    """The same answer without its body, which the proxy in front of the server sends, ranges and all."""
    response.take_source().close()
    found = HttpResponse(content_type=response["Content-Type"])
    for name in ("ETag", "Last-Modified", "Cache-Control", "X-Content-Type-Options"):
        found[name] = response[name]
    path = relative_path(track)
    if settings.CONF.media.send_files_by == ACCEL:
        found["X-Accel-Redirect"] = f"{settings.CONF.media.send_files_prefix}{track.library_id}/{quote(path)}"
    else:
        found["X-Sendfile"] = quote(os.path.join(os.fsencode(track.library.path), path))
    return found


def seconds(duration: float) -> str:
    """A duration in seconds, as short as it can be written: `2.5`, `3`."""
    return f"{duration:.3f}".rstrip("0").rstrip(".")


def file_name(track: MediaFile) -> str:
    """The name of a download: the title, with the suffix of the file."""
    return f"{track.title}.{track.suffix}" if track.suffix else track.title


def attachment(name: str) -> str:
    """The `Content-Disposition` of a download: a plain name for old clients, and the exact one."""
    clean = re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|]', "_", name).strip() or "download"
    plain = unicodedata.normalize("NFKD", clean).encode("ascii", "ignore").decode().replace("%", "_").strip()
    stem, dot, suffix = plain.rpartition(".")
    if not (stem if dot else suffix).strip(" ."):
        plain = f"download{dot}{suffix}"
    exact = f"; filename*=UTF-8''{quote(clean, safe='')}" if plain != clean else ""
    return f'attachment; filename="{plain}"{exact}'
