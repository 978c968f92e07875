"""Media retrieval: stream, download."""

from __future__ import annotations

from django.conf import settings
from django.http.response import HttpResponseBase

from media.responses import track_response
from media.tracks import find_track
from navidrome_lib.errors import NotAllowed
from subsonic.params import Params
from users.models import Viewer

NO_DOWNLOADS = "This server offers no downloads."


def stream(caller: Viewer, params: Params) -> HttpResponseBase:
    """`/rest/stream`: the file of a song as it is."""
    return track_response(params.request, find_track(caller, params.required("id")))


def download(caller: Viewer, params: Params) -> HttpResponseBase:
    """`/rest/download`: the file of a song, to keep."""
    if not settings.CONF.media.enable_downloads:
        raise NotAllowed(NO_DOWNLOADS)
    return track_response(params.request, find_track(caller, params.required("id")), as_download=True)
