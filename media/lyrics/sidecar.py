"""Lyrics in files beside a song: `Song.lrc`, `Song.txt`, in a language `Song.en.lrc`."""

from __future__ import annotations

import contextlib
import os

import chardetng_py

from libraries.limits import StorageLimits
from libraries.models import MediaFile
from libraries.storage.opening import list_below
from libraries.timeouts import call_with_timeout
from media.errors import StorageAway
from media.lyrics.parsing import UNKNOWN, Lyrics, language_code, parse_lyrics
from media.opening import open_in_library
from navidrome_lib.limits import limits_of

MAX_BYTES = 1024 * 1024
MAX_FILES = 20


def sidecar_lyrics(track: MediaFile, suffix: str) -> list[Lyrics]:
    """The lyrics in the files beside a song that end in `suffix` (`.lrc`); none when the storage is away."""
    folder, name = bytes(track.folder.path_bytes), bytes(track.name_bytes)
    stem = os.path.splitext(name)[0]
    found: list[Lyrics] = []
    for other in sorted(_names(track, folder)):
        language = _language(other, stem, os.fsencode(suffix))
        if language is None or len(found) >= MAX_FILES:
            continue
        text = _read(track, folder + b"/" + other if folder else other)
        lyrics = parse_lyrics(text, language) if text else None
        if lyrics is not None:
            found.append(lyrics)
    return found


def _language(name: bytes, stem: bytes, suffix: bytes) -> str | None:
    """The language in a name, an empty one without; None where the file is not of that song and suffix."""
    lowered = name.lower()
    if not lowered.endswith(suffix) or not lowered.startswith(stem.lower()):
        return None
    middle = name[len(stem) : len(name) - len(suffix)]
    if not middle:
        return ""
    text = middle[1:].decode("ascii", "replace")
    return text if middle.startswith(b".") and language_code(text) != UNKNOWN else None


def _names(track: MediaFile, folder: bytes) -> list[bytes]:
    root, follow = os.fsencode(track.library.path), track.library.follow_symlinks
    with contextlib.suppress(OSError):
        return call_with_timeout(
            lambda: list_below(root, folder, follow_links=follow),
            about=track.library.path,
            limits=limits_of(StorageLimits),
        )
    return []


def _read(track: MediaFile, path: bytes) -> str:
    """The text of a file; empty when it is too large or cannot be read."""
    try:
        media = open_in_library(track.library, path)
    except StorageAway:
        return ""
    with open(media.fd, "rb") as file:
        if media.size > MAX_BYTES:
            return ""
        return decode_text(file.read(MAX_BYTES))


def decode_text(data: bytes) -> str:
    """A text in whatever encoding it is: by its mark, else UTF-8, else as it seems."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(chardetng_py.detect(data), "replace")
