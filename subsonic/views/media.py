"""Media retrieval: stream, download, getCoverArt, getAvatar."""

from __future__ import annotations

from django.conf import settings
from django.http.response import HttpResponseBase

from libraries.models import MediaFile
from media.covers.responses import cover_response
from media.covers.service import Wish, show_avatar, show_cover
from media.downloads.collections import find_collection
from media.downloads.responses import Conversion, archive_response
from media.images.jobs import MAX_EDGE, WEBP
from media.responses import attachment, track_response
from media.tracks import find_track
from media.transcoding.decisions import decide
from media.transcoding.ffmpeg import Recipe
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
        offset=params.decimal("timeOffset"),
        gain=params.text("replayGain"),
    )
    if recipe is None:
        return track_response(params.request, track)
    estimate = params.flag("estimateContentLength")
    return transcoded_response(params.request, track, recipe, person=caller.pk, estimate=estimate)


def download(caller: Viewer, params: Params) -> HttpResponseBase:
    """`/rest/download`: the file of a song, to keep, or all songs of an album, an artist or a playlist as a ZIP.

    `format` and `bitrate` convert what is not in that format, or has a higher bit rate.
    """
    if not settings.CONF.media.enable_downloads:
        raise NotAllowed(NO_DOWNLOADS)
    wanted = params.required("id")

    def recipe_of(track: MediaFile) -> Recipe | None:
        bit_rate = params.number("bitrate")
        return decide(track, format_name=params.text("format").lower(), max_bit_rate=bit_rate, offset=0)

    collection = find_collection(caller, wanted)
    if collection is not None and collection.tracks:
        conversion = Conversion(recipe_of, caller.pk)
        return archive_response(collection, is_head=params.request.method == "HEAD", conversion=conversion)
    track = find_track(caller, wanted)
    recipe = recipe_of(track)
    if recipe is None:
        return track_response(params.request, track, as_download=True)
    response = transcoded_response(params.request, track, recipe, person=caller.pk)
    response["Content-Disposition"] = attachment(f"{track.title}.{recipe.target.name}")
    return response


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
