"""System: ping, getLicense, getOpenSubsonicExtensions, tokenInfo."""

from __future__ import annotations

from media.transcoding.decisions import can_transcode
from subsonic.params import Params
from subsonic.renderers import Payload
from users.models import Viewer

EXTENSIONS = {
    "apiKeyAuthentication": [1],
    "formPost": [1],
    "indexBasedQueue": [1],
    "playbackReport": [1],
    "songLyrics": [1, 2],
    "topSongsByArtistId": [1],
    "transcoding": [1],
}
# where songs can be converted
TRANSCODE_OFFSET = {"transcodeOffset": [1]}


def ping(caller: Viewer, params: Params) -> Payload:
    """`/rest/ping`: the credentials are good."""
    return {}


def get_license(caller: Viewer, params: Params) -> Payload:
    """`/rest/getLicense`: free software needs none."""
    return {"license": {"valid": True}}


def get_open_subsonic_extensions(caller: Viewer | None, params: Params) -> Payload:
    """`/rest/getOpenSubsonicExtensions`: what this server adds to the protocol; asked before signing in."""
    known = {**EXTENSIONS, **(TRANSCODE_OFFSET if can_transcode() else {})}
    return {
        "openSubsonicExtensions": [{"name": name, "versions": versions} for name, versions in known.items()],
    }


def token_info(caller: Viewer, params: Params) -> Payload:
    """`/rest/tokenInfo`: whose credentials these are."""
    return {"tokenInfo": {"username": caller.user.username}}
