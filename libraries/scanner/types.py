"""What flows between the stages of a scan. Plain data: no Django, no database.

Every path is the exact bytes of the file system, relative to the library's root, with the root itself as `b""`.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def key_of(path: bytes) -> str:
    """32 hex digits that stand for a path, short enough for any index."""
    return hashlib.blake2b(path, digest_size=16).hexdigest()


def display(path: bytes) -> str:
    """A clean text of a path, for people and for the wire: what is not UTF-8 or is a control character shows as `�`."""
    text = path.decode("utf-8", "replace")
    return text if text.isprintable() else _CONTROL.sub("\ufffd", text)


def join(folder: bytes, name: bytes) -> bytes:
    """The path of `name` inside `folder`."""
    return folder + b"/" + name if folder else name


def parent(path: bytes) -> bytes:
    """The folder that holds `path`."""
    return path.rpartition(b"/")[0]


def writable_path(path: bytes) -> str:
    """The path as text, or that of the nearest folder above it that is UTF-8: a scan takes its targets as texts."""
    while True:
        try:
            return path.decode("utf-8")
        except UnicodeDecodeError:
            path = parent(path)


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """What of a library belongs to it. `targets` limits one scan to some folders and all below them.

    `ignore_presets` leaves out hidden files and the system folders of NAS devices (see `ignore`).
    """

    root: bytes
    recursive: bool = True
    follow_symlinks: bool = False
    exclude_patterns: tuple[str, ...] = ()
    targets: tuple[bytes, ...] = ()
    ignore_presets: bool = True

    def absolute(self, path: bytes) -> bytes:
        """Where `path` is on the server."""
        return os.path.join(self.root, path) if path else self.root


class FileEntry(NamedTuple):
    """One audio file as a listing saw it: its name and its change key. Signed 64-bit numbers, nanoseconds."""

    name: bytes
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class FileProblem(NamedTuple):
    """A file or folder that could not be read: `kind` is a `libraries.choices.ProblemKind`, `message` a sentence.

    Of a file that was read in vain, also its change key, and how often in a row that very file failed like this.
    """

    path: bytes
    kind: str
    message: str
    size: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0
    inode: int = 0
    attempts: int = 0


@dataclass(slots=True)
class FolderListing:
    """One folder: its audio files, or the problem that kept it from being listed.

    Only a listing without problem proves that a file is absent. `complete` is False where the folder itself could not
    be listed: nothing in it or below it may be marked missing. `protected` names the files inside whose state is
    unknown (`stat` failed, still being written): they are neither new, changed nor missing. `digest` covers names and
    change keys of all `files`; it is empty when anything in the folder must be looked at again next time. `settling`
    names those of `protected` that were written a moment ago; a second look once they are quiet will take them in.
    `ignored` counts what was passed over on purpose: special files, links that are not followed, excluded audio files.
    """

    path: bytes
    files: list[FileEntry] = field(default_factory=list)
    digest: str = ""
    complete: bool = True
    protected: frozenset[bytes] = frozenset()
    settling: frozenset[bytes] = frozenset()
    ignored: int = 0
    problems: list[FileProblem] = field(default_factory=list)


class Credit(NamedTuple):
    """One artist in one role. `pid` identifies the artist (see `identity`)."""

    role: str
    pid: str
    name: str
    sort_name: str = ""
    mbz_id: str = ""
    sub_role: str = ""


class AlbumRecord(NamedTuple):
    """The album that a track belongs to; `pid` is unique within a library."""

    pid: str
    name: str
    sort_name: str
    version: str
    album_artist: str
    artist_pid: str
    compilation: bool
    year: int | None
    original_year: int | None
    date: str
    mbz_album_id: str
    mbz_release_group_id: str


class MappedTrack(NamedTuple):
    """A track as its tags say. `columns` holds plain values by the column names of `libraries.models.MediaFile`."""

    pid: str
    columns: Mapping[str, object]
    album: AlbumRecord
    credits: tuple[Credit, ...]
    genres: tuple[tuple[str, str], ...]
    """(pid, name) of each genre."""


class Artists(NamedTuple):
    """One side of a track's artists: the text as in the tag, and who is behind it."""

    display: str
    sort: str
    credits: tuple[Credit, ...]


class MappedAlbum(NamedTuple):
    """What the tracks of an album mostly have in common: some columns of a `MappedTrack`, and more."""

    columns: Mapping[str, object]
    album: AlbumRecord
    genres: tuple[tuple[str, str], ...]
    artist: Artists
    """Those of the track where they are the album's too, else none."""
    album_artist: Artists
    disc: int | None
