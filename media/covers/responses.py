"""Covers as answers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from media.covers.service import ShownCover
from media.responses import conditional


def cover_response(request: HttpRequest, cover: ShownCover, *, may_be_kept: bool = True) -> HttpResponseBase:
    """A cover: 200, 304 or 412. One whose id names it is kept for ever where `may_be_kept`, any other is asked for."""
    etag = f'"{cover.etag}"'
    response = conditional(request, etag, None) or HttpResponse(cover.data, content_type=cover.media_type)
    response["ETag"] = etag
    # of this person only: who loses the library must not find its pictures in a cache that others share
    is_kept = cover.is_fixed and may_be_kept
    response["Cache-Control"] = "private, max-age=31536000, immutable" if is_kept else "private, no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    patch_vary_headers(response, ["Accept"])
    return response
