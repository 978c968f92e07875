"""Media retrieval: stream, download, getCoverArt, getAvatar."""

from __future__ import annotations

from django.conf import settings
from django.http.response import HttpResponseBase

from media.covers.responses import cover_response
from media.covers.service import Wish, show_avatar, show_cover
from media.downloads.collections import find_collection
from media.downloads.responses import archive_response
from media.images.jobs import MAX_EDGE, WEBP
from media.responses import track_response
from media.tracks import find_track
from media.transcoding.decisions import decide
from media.transcoding.preferences import preferred
from media.transcoding.responses import transcoded_response
from navidrome_lib.errors import NotAllowed
from subsonic.params import Params
from users.models import Viewer

NO_DOWNLOADS = "This server offers no downloads."


def stream(caller: Viewer, params: Params) -> HttpResponseBase:
    """`/rest/stream`: the file of a song as it is, or in the format and bit rate that the player asks for."""
    track = find_track(caller, params.required("id"))
    asked = preferred(
        caller,
        params.text("c"),
        params.request.headers.get("User-Agent", ""),
        format_name=params.text("format").lower(),
        max_bit_rate=params.number("maxBitRate"),
    )
    recipe = decide(
        track,
        format_name=asked.format_name,
        max_bit_rate=asked.max_bit_rate,
        offset=params.seconds("timeOffset"),
        gain=params.text("replayGain"),
    )
    if recipe is None:
        return track_response(params.request, track)
    estimate = params.flag("estimateContentLength")
    return transcoded_response(params.request, track, recipe, person=caller.pk, estimate=estimate)


def download(caller: Viewer, params: Params) -> HttpResponseBase:
    """`/rest/download`: the file of a song, to keep, or all songs of an album, an artist or a playlist as a ZIP."""
    if not settings.CONF.media.enable_downloads:
        raise NotAllowed(NO_DOWNLOADS)
    wanted = params.required("id")
    collection = find_collection(caller, wanted)
    if collection is not None and collection.tracks:
        return archive_response(collection, is_head=params.request.method == "HEAD")
    return track_response(params.request, find_track(caller, wanted), as_download=True)


def get_cover_art(caller: Viewer, params: Params) -> HttpResponseBase:
    """`/rest/getCoverArt`: the picture of an album, a disc, an artist or a song; a drawn one where there is none."""
    return cover_response(params.request, show_cover(caller, params.required("id"), wish_of(params)))


def get_avatar(caller: Viewer, params: Params) -> HttpResponseBase:
    """`/rest/getAvatar`: a drawn picture, the same for every name."""
    params.required("username")
    return cover_response(params.request, show_avatar(wish_of(params)))


def wish_of(params: Params) -> Wish:
    """How the caller wants a picture to be."""
    return Wish(
        edge=min(params.number("size"), MAX_EDGE),
        square=params.flag("square"),
        webp=WEBP in params.request.headers.get("Accept", ""),
    )
