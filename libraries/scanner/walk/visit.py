"""One visit to one folder of a library: its entries become a listing, and the folders below it that belong to it.

A visit depends on nothing but the folder and the options, so several of them may go on at once, in any order. What
depends on the order, the walk decides (see walker): how many errors came in a row, and where links lead twice.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final, NamedTuple, Protocol

from libraries.scanner.paths import join
from libraries.scanner.types import FileEntry, FileProblem, FolderListing, ScanOptions
from libraries.scanner.walk import ignore
from libraries.scanner.walk.change_key import (
    AUDIO_SUFFIXES,
    GONE,
    PLAYLIST_SUFFIXES,
    is_audio_name,
    is_playlist_name,
    problem,
    seal,
    unread_suffix,
)
from libraries.scanner.walk.links import Links

_CHUNK: Final = 512
_NEVER: Final = 2**64
_DOT: Final = ord(".")


class WalkStopped(Exception):
    """The walk was asked to stop; what it has seen so far is not the whole library."""


class Entry(Protocol):
    """What the walk uses of an `os.DirEntry[bytes]`."""

    @property
    def name(self) -> bytes: ...
    def is_dir(self, *, follow_symlinks: bool = True) -> bool: ...
    def is_file(self, *, follow_symlinks: bool = True) -> bool: ...
    def is_symlink(self) -> bool: ...
    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result: ...


Lister = Callable[[bytes], Iterable[Entry]]


class PendingFolder(NamedTuple):
    """A folder still to be listed. `linked`: reached through a link, so it may close a loop. `error`: known to fail."""

    path: bytes
    scope: ignore.IgnoreScope
    linked: bool = False
    error: OSError | None = None


@dataclass(slots=True)
class Visit:
    """What came of the visit to a folder: a listing and the folders below, or the error that listing it ended in.

    `followed` are the links in it to folders that are followed, and where they lead.
    """

    listing: FolderListing
    children: list[PendingFolder] = field(default_factory=list)
    followed: dict[bytes, bytes] = field(default_factory=dict)
    error: OSError | None = None


def os_lister(path: bytes) -> Iterable[Entry]:
    """The entries of one folder: the only place of a scan that lists folders."""
    with os.scandir(path) as entries:
        return list(entries)


def never() -> bool:
    """A `stop` that lets the walk run to its end."""
    return False


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Visits folders by the options of a scan; see `walker.walk` for its fields."""

    options: ScanOptions
    links: Links
    lister: Lister
    now_ns: Callable[[], int]
    settle_ns: int
    stop: Callable[[], bool]
    away: Mapping[bytes, FileProblem]

    def visit(self, folder: PendingFolder) -> Visit:
        """List a folder and look at what is in it. Raises WalkStopped, and no error of storage."""
        return _Look(self, folder.path).visit(folder)

    def identity(self, folder: PendingFolder) -> tuple[int, int]:
        """The device and the inode of a folder that links lead to. Raises OSError."""
        return self.links.identity(folder.path)

    def entries(self, folder: PendingFolder) -> tuple[list[Entry], list[bytes], ignore.IgnoreScope | None]:
        """The entries of a folder, their names, and the rules inside it (None: it is excluded). Raises OSError."""
        entries = list(self.lister(self.options.absolute(folder.path)))
        names = list(map(_name_of, entries))
        return entries, names, self._scope_inside(folder, names)

    def child(self, folder: PendingFolder, entry: Entry, followed: dict[bytes, bytes]) -> PendingFolder | None:
        """The folder that an entry of a folder is, if it is one that belongs to the library; notes a followed link."""
        look = _Look(self, folder.path)
        child = look.sort_out(folder, entry)
        followed |= look.followed
        return child

    def _scope_inside(self, folder: PendingFolder, names: list[bytes]) -> ignore.IgnoreScope | None:
        """The rules inside a folder; None when an empty ignore file excludes all of it. Raises OSError."""
        if ignore.IGNORE_FILE not in names:
            return folder.scope
        lines = ignore.read_ignore_file(self.options.absolute(join(folder.path, ignore.IGNORE_FILE)))
        if lines is None:
            return folder.scope
        return None if ignore.is_blank_ignore_file(lines) else folder.scope.inside(folder.path, lines)


class _Look:
    """One visit while it goes on."""

    def __init__(self, visitor: Visitor, path: bytes) -> None:
        self._visitor = visitor
        self._visit = Visit(FolderListing(path))
        self._listing = self._visit.listing
        self._late = _NEVER
        self._protected: set[bytes] = set()
        self._settling: set[bytes] = set()

    @property
    def followed(self) -> dict[bytes, bytes]:
        return self._visit.followed

    def visit(self, folder: PendingFolder) -> Visit:
        visit, listing = self._visit, self._listing
        try:
            if folder.error is not None:
                raise folder.error
            entries, names, scope = self._visitor.entries(folder)
        except OSError as error:
            visit.error = error
            return visit
        if scope is None:
            listing.digest = _NO_FILES
            listing.ignored = sum(map(is_audio_name, names))
            return visit
        if scope is not folder.scope:
            folder = folder._replace(scope=scope)
        if scope.levels:
            entries = self._belonging(folder, entries)
            names = list(map(_name_of, entries))
        for entry in self._read(names, entries):
            child = self.sort_out(folder, entry)
            if child is not None:
                visit.children.append(child)
        self._seal()
        visit.children.sort(key=_path_of)
        return visit

    def _belonging(self, folder: PendingFolder, entries: list[Entry]) -> list[Entry]:
        """The entries that no rule excludes. Only for folders in which patterns hold."""
        kept = []
        for entry in entries:
            name = entry.name
            audio = is_audio_name(name)
            try:
                is_dir = entry.is_dir()
            except OSError:
                is_dir = False  # whatever is wrong with it, the next look at it will tell
            known = audio or is_dir or unread_suffix(name) is not None or is_playlist_name(name)
            if known and folder.scope.excluded(join(folder.path, name), is_dir):
                self._listing.ignored += audio and not is_dir
            else:
                kept.append(entry)
        return kept

    def _read(self, names: list[bytes], entries: list[Entry]) -> list[Entry]:
        """Take the plain audio files into the listing and return the rest. The one loop that runs for every file."""
        rest: list[Entry] = []
        listing, visitor = self._listing, self._visitor
        late = self._late = visitor.now_ns() - visitor.settle_ns if visitor.settle_ns else _NEVER
        suffixes, other, add, new = AUDIO_SUFFIXES, rest.append, listing.files.append, tuple.__new__
        for start in range(0, len(entries), _CHUNK):
            if start and visitor.stop():
                raise WalkStopped
            for name, entry in zip(names[start : start + _CHUNK], entries[start : start + _CHUNK], strict=True):
                stem, _, suffix = name.rpartition(b".")
                try:
                    if suffix not in suffixes and (lower := suffix.lower()) not in suffixes:
                        if not entry.is_file(follow_symlinks=False):
                            other(entry)
                        else:
                            _note_other(listing, name, lower)
                        continue
                    if not stem or name[0] == _DOT:
                        other(entry)
                        continue
                    found = entry.stat(follow_symlinks=False)
                except OSError:
                    other(entry)  # asked once more, and then reported
                    continue
                mtime, ctime = found.st_mtime_ns, found.st_ctime_ns
                if not _is_regular(found.st_mode) or ctime > late or mtime > late:
                    other(entry)
                    continue
                add(new(FileEntry, (name, found.st_size, mtime, ctime, found.st_ino)))
        return rest

    def sort_out(self, folder: PendingFolder, entry: Entry) -> PendingFolder | None:
        """Whatever is not plainly an audio file: folders, links, hidden, special and recently written files."""
        path = join(folder.path, entry.name)
        if path in self._visitor.away:
            return None
        links, plain = self._visitor.links, False
        try:
            if entry.is_dir(follow_symlinks=False):
                return self._folder(folder, path, folder.linked)
            plain = entry.is_file(follow_symlinks=False)
            found = links.target(path, self.followed) if entry.is_symlink() else entry.stat(follow_symlinks=False)
        except OSError as error:
            return self._unknown(folder, path, error, plain)
        if found is not None and stat.S_ISDIR(found.st_mode):
            return self._folder(folder, path, True)
        if found is None or not _is_regular(found.st_mode) or folder.scope.excluded(path, False):
            self._listing.ignored += 1  # FIFOs, sockets and devices are never opened
        elif is_audio_name(entry.name):
            self._add(entry.name, found)
        return None

    def _unknown(self, folder: PendingFolder, path: bytes, error: OSError, plain: bool) -> PendingFolder | None:
        """Protect a file; what may be a folder too is protected by the listing that fails for it, and told there."""
        name = path.rpartition(b"/")[2]
        if folder.scope.excluded(path, False):
            return None
        if is_audio_name(name):
            self._protected.add(name)
            if plain and error.errno not in GONE:
                self._listing.problems.append(problem(path, error))
        return None if plain else PendingFolder(path, folder.scope, error=error)

    def _folder(self, parent: PendingFolder, path: bytes, linked: bool) -> PendingFolder | None:
        if not self._visitor.options.recursive or parent.scope.excluded(path, True):
            return None
        return PendingFolder(path, parent.scope, linked)

    def _add(self, name: bytes, found: os.stat_result) -> None:
        mtime, ctime = found.st_mtime_ns, found.st_ctime_ns
        if max(mtime, ctime) > self._late:
            now = self._visitor.now_ns()
            if min(abs(now - mtime), abs(now - ctime)) < self._visitor.settle_ns:
                self._settling.add(name)
                return
        self._listing.files.append(FileEntry(name, found.st_size, mtime, ctime, found.st_ino))

    def _seal(self) -> None:
        """Put the listing in order and give it its digest, unless something in it is still to be found out."""
        listing = self._listing
        listing.files, digest = seal(listing.files)
        if self._protected or self._settling:
            listing.settling = frozenset(self._settling)
            listing.protected = frozenset(self._protected | self._settling)
        else:
            listing.digest = digest


def _note_other(listing: FolderListing, name: bytes, suffix: bytes) -> None:
    """Note a file that is not read as audio, where it is worth that; `suffix` is that of its name, in lower case."""
    if suffix in PLAYLIST_SUFFIXES and is_playlist_name(name):
        listing.playlists = [*(listing.playlists or ()), name]
    elif unread_suffix(name) is not None:
        found = listing.unread = listing.unread or {}
        found[suffix.decode()] = found.get(suffix.decode(), 0) + 1


_is_regular = stat.S_ISREG
_path_of = attrgetter("path")
_name_of = attrgetter("name")
_NO_FILES = seal([])[1]
