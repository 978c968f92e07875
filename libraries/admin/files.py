"""What stands in the files themselves, read now: tags and covers. Never by this process, always by a guarded one."""

from __future__ import annotations

import atexit
import os
import threading

from libraries.audio.errors import AudioError
from libraries.audio.pool.pool import ReaderPool
from libraries.models import Album, MediaFile

# what a browser may show as a picture; anything else that a file calls one is left alone
PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
TRIED = 3

_reader = ReaderPool(1, timeout=5)
# one reading process for all threads: pages with many covers ask at the same time
_turn = threading.Lock()
atexit.register(_reader.close)


def path_of(track: MediaFile) -> bytes:
    """Where the file of a track is. `library` and `folder` should be at hand."""
    return os.path.join(os.fsencode(track.library.path), bytes(track.folder.path_bytes), bytes(track.name_bytes))


def tags_in(track: MediaFile) -> tuple[dict[str, list[str]], str]:
    """The tags as the file has them, or why they cannot be read."""
    try:
        with _turn:
            _reader.encoding = track.library.text_encoding
            return _reader.read_raw_tags(path_of(track)), ""
    except AudioError as error:
        return {}, str(error)


def cover_of(album: Album) -> tuple[bytes, str] | None:
    """The picture in the first files of an album that have one, and its type."""
    tracks = album.media_files.filter(missing=False, has_picture=True).select_related("library", "folder")
    for track in tracks.order_by("disc_number", "track_number", "pk")[:TRIED]:
        try:
            with _turn:
                found = _reader.read_picture(path_of(track))
        except AudioError:
            continue
        if found is not None and found[1] in PICTURES:
            return found
    return None
