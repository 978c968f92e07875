"""Lyrics in the tags of a file, read by a reader process."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from contextlib import closing

from libraries.audio.errors import AudioError
from libraries.audio.pool.pool import ReaderPool
from libraries.audio.tags.names import canonical_key
from libraries.models import MediaFile
from media.errors import StorageAway
from media.lyrics.parsing import Lyrics, parse_lyrics
from media.opening import open_track, relative_path

_reader = ReaderPool(1, timeout=5)
# one reading process for all threads
_turn = threading.Lock()
atexit.register(_reader.close)

# frames of ID3 have their language behind their description
_FRAMES = ("USLT:", "SYLT:")
# of MP4, Windows Media and RIFF
_NAMES = frozenset({"\xa9lyr", "WM/Lyrics", "ILYC"})


def embedded_lyrics(track: MediaFile) -> list[Lyrics]:
    """The lyrics in the file of a track, those that are synced first; none when it cannot be read."""
    found = []
    for name, texts in _tags(track).items():
        language = name.rpartition(":")[2] if name.startswith(_FRAMES) else ""
        if name.startswith(_FRAMES) or name in _NAMES or canonical_key(name.rpartition(":")[2]) == "lyrics":
            found += [lyrics for text in texts if (lyrics := parse_lyrics(text, language)) is not None]
    return sorted(dict.fromkeys(found), key=lambda lyrics: not lyrics.is_synced)


def _tags(track: MediaFile) -> dict[str, list[str]]:
    try:
        with closing(open_track(track)) as media, _turn:
            _reader.encoding = track.library.text_encoding
            return _reader.read_raw_tags(_path_of(track, media.fd))
    except (AudioError, StorageAway):
        return {}


def _path_of(track: MediaFile, fd: int) -> bytes:
    """A path of the open file for another process: its descriptor of ours, where the system shows them."""
    if sys.platform == "linux":
        return f"/proc/{os.getpid()}/fd/{fd}".encode()
    return os.path.join(os.fsencode(track.library.path), relative_path(track))
