"""Converted songs as answers: from the cache as any file, else while they are made."""

from __future__ import annotations

import contextlib
import hashlib
import os

from django.conf import settings
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

from libraries.audio.formats import kinds
from libraries.models import MediaFile
from media.errors import StorageAway
from media.limits import MediaLimits
from media.opening import OpenMedia, open_track
from media.responses import CACHING, file_response, seconds
from media.transcoding.ffmpeg import MISSING, Recipe, find_ffmpeg
from media.transcoding.formats import demuxer_of
from media.transcoding.jobs import GrowingSource, Transcode, transcodes
from media.transcoding.slots import take_slot
from navidrome_lib.api.streams import PulledResponse
from navidrome_lib.file_cache import FileCache, file_cache
from navidrome_lib.limits import limits_of

NOT_READ = "ffmpeg does not read files of this kind."
# what the frames of a container add to the bit rate, and what an encoder may overshoot
OVERHEAD = 1.06
OVERHEAD_BYTES = 16 * 1024


def transcoding_cache() -> FileCache:
    """The cache of converted songs of this server."""
    return file_cache(settings.CACHE_FOLDER / "transcodes", settings.CONF.media.transcoding_cache_size)


def transcoded_response(
    request: HttpRequest, track: MediaFile, recipe: Recipe, *, person: str, estimate: bool = False
) -> HttpResponseBase:
    """A song as a recipe makes it. `estimate` announces a length, which is then kept to.

    `StorageAway` when the file cannot be read, `TooManyTranscodes` when there is no slot for the person.
    """
    with contextlib.closing(open_track(track)) as media:
        response = _response(request, track, recipe, media, person, estimate=estimate)
    response["X-Content-Duration"] = seconds(track.duration)
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _response(
    request: HttpRequest, track: MediaFile, recipe: Recipe, media: OpenMedia, person: str, *, estimate: bool
) -> HttpResponseBase:
    name = name_in_cache(track, recipe, media)
    cache = transcoding_cache()
    response = cached_response(request, cache, name, recipe)
    if response is not None:
        return response
    if request.method == "HEAD":
        # of unknown length: nothing is converted to find it out
        return StreamingHttpResponse((), content_type=recipe.target.content_type, headers={"Accept-Ranges": "none"})
    return growing_response(track, recipe, media, cache, name, person, estimate=estimate)


def name_in_cache(track: MediaFile, recipe: Recipe, media: OpenMedia) -> str:
    """The name of what a recipe makes of an open file."""
    return hashlib.blake2b(f"{track.pk} {media.etag} {recipe.name()}".encode(), digest_size=16).hexdigest()


def cached_response(request: HttpRequest, cache: FileCache, name: str, recipe: Recipe) -> HttpResponseBase | None:
    """The file in the cache, with ranges and all; None when it is not there."""
    fd = cache.open(name)
    if fd is None:
        return None
    facts = os.fstat(fd)
    # its time is that of its last use: the name alone says what it is
    kept = OpenMedia(fd, facts.st_size, 0, int(name[:12], 16), "transcodes")
    response = file_response(request, kept, recipe.target.content_type)
    del response["Last-Modified"]
    return response


def growing_response(
    track: MediaFile,
    recipe: Recipe,
    media: OpenMedia,
    cache: FileCache,
    name: str,
    person: str,
    *,
    estimate: bool,
) -> HttpResponseBase:
    """The file while it is made, without ranges: it is not known yet where they are."""

    transcode, fd = transcodes.join(name) or started(track, recipe, media, cache, name, person)
    length = estimated_bytes(track, recipe) if estimate else None
    response = PulledResponse(GrowingSource(transcode, fd, length), content_type=recipe.target.content_type)
    if length is not None:
        response["Content-Length"] = str(length)
    response["Accept-Ranges"] = "none"
    response["Cache-Control"] = CACHING
    return response


def started(
    track: MediaFile, recipe: Recipe, media: OpenMedia, cache: FileCache, name: str, person: str
) -> tuple[Transcode, int]:
    """The song, on its way through ffmpeg from now on."""
    program = find_ffmpeg()
    demuxer = demuxer_of(os.pread(media.fd, kinds.SNIFF_BYTES, 0), track.suffix)
    if program is None or demuxer is None:
        raise StorageAway(MISSING if program is None else NOT_READ)
    conf, limits = settings.CONF.media, limits_of(MediaLimits)
    slot = take_slot(
        settings.CACHE_FOLDER / "transcode-slots",
        person,
        most=conf.max_transcodes,
        most_each=conf.max_transcodes_per_user,
        seconds=limits.slot_seconds,
    )
    return transcodes.start(cache, name, program=program, recipe=recipe, demuxer=demuxer, media=media, slot=slot)


def estimated_bytes(track: MediaFile, recipe: Recipe) -> int | None:
    """How long the converted song will be at most; None where that cannot be said."""
    left = track.duration - recipe.offset
    if not recipe.bit_rate or left <= 0:
        return None
    return int(left * recipe.bit_rate * 1000 / 8 * OVERHEAD) + OVERHEAD_BYTES
