"""Browsing: getMusicFolders."""

from __future__ import annotations

from subsonic import payloads
from subsonic.caller import Caller
from subsonic.params import Params
from subsonic.renderers import Payload


def get_music_folders(caller: Caller, params: Params) -> Payload:
    """`/rest/getMusicFolders`: the libraries that the caller can access."""
    return {"musicFolders": payloads.music_folders(caller.libraries().order_by("name_key", "pk"))}
