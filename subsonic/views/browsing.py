"""Browsing: getMusicFolders."""

from __future__ import annotations

from libraries import visible
from subsonic import payloads
from subsonic.params import Params
from subsonic.renderers import Payload
from users.models import Viewer


def get_music_folders(caller: Viewer, params: Params) -> Payload:
    """`/rest/getMusicFolders`: the libraries that the caller can access."""
    return {"musicFolders": payloads.music_folders(visible.libraries(caller))}
