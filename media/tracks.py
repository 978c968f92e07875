"""Tracks as a viewer may play them."""

from __future__ import annotations

from libraries.models import MediaFile
from navidrome_lib.errors import NotFound
from navidrome_lib.viewer import Viewer

NO_SONG = "This song does not exist."
# what playing, converting and showing the words of a song takes: to make an object of all columns takes as long again
_NEEDED = (
    "album", "album_ref", "artist", "bit_depth", "bit_rate", "channels", "codec", "disc_number", "duration",
    "folder__path_bytes", "has_lyrics", "has_picture", "library__follow_symlinks", "library__name", "library__path",
    "library__text_encoding", "missing", "missing_since", "name_bytes", "rg_album_gain", "rg_album_peak",
    "rg_track_gain", "rg_track_peak", "sample_rate", "size", "suffix", "title", "track_number",
)  # fmt: skip


def find_track(viewer: Viewer, pk: str) -> MediaFile:
    """The track with its library and folder; `NotFound` also where the viewer may not know of it."""
    tracks = MediaFile.objects.visible_to(viewer).select_related("library", "folder").only(*_NEEDED)
    found: MediaFile | None = tracks.filter(pk=pk).first()
    if found is None:
        raise NotFound(NO_SONG)
    return found
