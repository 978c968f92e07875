"""Tracks as a viewer may play them."""

from __future__ import annotations

from libraries.models import MediaFile
from navidrome_lib.errors import NotFound
from navidrome_lib.viewer import Viewer

NO_SONG = "This song does not exist."


def find_track(viewer: Viewer, pk: str) -> MediaFile:
    """The track with its library and folder; `NotFound` also where the viewer may not know of it."""
    tracks = MediaFile.objects.visible_to(viewer).select_related("library", "folder").defer("tags")
    found: MediaFile | None = tracks.filter(pk=pk).first()
    if found is None:
        raise NotFound(NO_SONG)
    return found
