"""The walk: every folder of a library, listed once, in a fixed order, with what cannot be known kept apart.

What the caller may conclude from the listings of a walk that ran to its end:

- a file of the catalog is gone when its folder has a complete listing with it neither in `files` nor in `protected`;
- a folder of the catalog is gone, with all below it, when it has no listing and no folder above it has an incomplete
  one (for a walk with targets: only folders in or below a target). A target that no longer exists has no listing; one
  whose existence could not be proved has an incomplete listing under its own path.

A walk that ends in an exception proves nothing. Links: a link to something that the walk meets anyway at its real place
adds nothing, so a link inside the library never doubles or re-homes a track, whatever the order; other links are
followed once.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Final, NamedTuple, Protocol

from libraries.scanner.limits import ScanLimits
from libraries.scanner.paths import display, join
from libraries.scanner.types import FileEntry, FileProblem, FolderListing, ScanOptions
from libraries.scanner.walk import ignore
from libraries.scanner.walk.change_key import (
    AUDIO_SUFFIXES,
    GONE,
    is_audio_name,
    problem,
    reason_of,
    seal,
    unread_suffix,
)
from libraries.scanner.walk.links import Links

_CHUNK: Final = 512
_NEVER: Final = 2**64
_DOT: Final = ord(".")

# FileProblem of one folder, however many stand side by side; anything else may be the storage itself going away.
# EFBIG is an ignore file above the limits.
_LOCAL: Final = GONE | {errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP, errno.EFBIG}


class StorageProblem(Exception):
    """Several folders in a row could not be listed: the storage is failing, and nothing may be concluded."""


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


def os_lister(path: bytes) -> Iterable[Entry]:
    """The entries of one folder: the only place of a scan that lists folders."""
    with os.scandir(path) as entries:
        return list(entries)


def never() -> bool:
    """A `stop` that lets the walk run to its end."""
    return False


def walk(
    options: ScanOptions,
    *,
    lister: Lister = os_lister,
    now_ns: Callable[[], int] = time.time_ns,
    settle_ns: int = 0,
    errors_in_a_row: int = ScanLimits.errors_in_a_row,
    stop: Callable[[], bool] = never,
    away: Mapping[bytes, FileProblem] | None = None,
    followed: dict[bytes, bytes] | None = None,
) -> Iterator[FolderListing]:
    """List a library folder by folder, parents first. Raises StorageProblem and WalkStopped; see the module.

    Folders in `away` are not entered: each has an incomplete listing with its problem at the end, whether or not it is
    there. `followed` is filled with the links to folders that were followed, and where they lead.

    A file whose times lie within `settle_ns` of now, on either side, is still being written. A time further in the
    future says nothing: such a file is taken at once, or it would wait for ever. Nearby future times do count, because
    the clock of a NAS may run ahead of ours. The ctime is the one that cannot be forged by a copy that keeps times; the
    mtime is looked at for file systems whose ctime is the time of creation.
    """
    found = {} if followed is None else followed
    return _Walk(options, lister, now_ns, settle_ns, errors_in_a_row, stop, away or {}, found).run()


class _Walk:
    def __init__(
        self,
        options: ScanOptions,
        lister: Lister,
        now_ns: Callable[[], int],
        settle_ns: int,
        errors_in_a_row: int,
        stop: Callable[[], bool],
        away: Mapping[bytes, FileProblem],
        followed: dict[bytes, bytes],
    ) -> None:
        self.options = options
        self.lister = lister
        self.now_ns = now_ns
        self.settle_ns = settle_ns
        self.stop = stop
        self.prefix = options.root.rstrip(b"/") + b"/"
        self.away = away
        self.links = Links(options, is_audio_name, followed)
        self.errors_in_a_row = 0
        self.most_errors = errors_in_a_row
        self._late = _NEVER
        self._protected: set[bytes] = set()
        self._settling: set[bytes] = set()

    def run(self) -> Iterator[FolderListing]:
        stack = list(reversed(self._starts()))
        while stack:
            if self.stop():
                raise WalkStopped
            folder = self._enter(stack.pop())
            if folder is None:
                continue
            listing, children = self._visit(folder)
            yield listing
            children.sort(key=_path_of, reverse=True)
            stack += children
        for path in sorted(self.away):
            yield FolderListing(path, complete=False, problems=[self.away[path]])

    def _enter(self, folder: PendingFolder) -> PendingFolder | None:
        """The folder, unless links led into it before."""
        try:
            return None if folder.linked and not folder.error and not self.links.enter(folder.path) else folder
        except OSError as error:
            return folder._replace(error=error)

    def _starts(self) -> list[PendingFolder]:
        root = PendingFolder(b"", ignore.root_scope(self.options))
        targets = outermost(self.options.targets)
        if not targets or targets == [b""]:
            return [root]
        if not self.options.recursive:
            return []
        found = (self._descend(root, target) for target in targets)
        return [folder for folder in found if folder is not None]

    def _descend(self, root: PendingFolder, target: bytes) -> PendingFolder | None:
        """The folder of a target; None when a complete listing above it proves that it is not in the library."""
        folder = root
        for name in target.split(b"/"):
            try:
                entries = list(self.lister(self.options.absolute(folder.path)))
                scope = self._scope_inside(folder, list(map(_name_of, entries)))
            except OSError as error:
                return PendingFolder(target, root.scope, error=error)
            entry = next((entry for entry in entries if entry.name == name), None)
            if scope is None or entry is None:
                return None
            child = self._sort_out(folder._replace(scope=scope), entry, FolderListing(folder.path))
            if child is None or child.error is not None:
                return child and child._replace(path=target)
            folder = child
        return folder

    def _visit(self, folder: PendingFolder) -> tuple[FolderListing, list[PendingFolder]]:
        path = folder.path
        self._protected, self._settling = set(), set()
        try:
            if folder.error is not None:
                raise folder.error
            entries = list(self.lister(self.prefix + path if path else self.options.root))
            names = list(map(_name_of, entries))
            scope = self._scope_inside(folder, names)
        except OSError as error:
            return self._unlisted(path, error), []
        self.errors_in_a_row = 0
        listing = FolderListing(path)
        if scope is None:
            listing.digest = _NO_FILES
            listing.ignored = sum(map(is_audio_name, names))
            return listing, []
        if scope is not folder.scope:
            folder = folder._replace(scope=scope)
        if scope.levels:
            entries = self._belonging(folder, entries, listing)
            names = list(map(_name_of, entries))
        children: list[PendingFolder] = []
        for entry in self._read(listing, names, entries):
            child = self._sort_out(folder, entry, listing)
            if child is not None:
                children.append(child)
        self._seal(listing)
        return listing, children

    def _unlisted(self, path: bytes, error: OSError) -> FolderListing:
        """A listing that protects all below it. A folder that went after its parent was listed is no problem."""
        if error.errno not in _LOCAL:
            self.errors_in_a_row += 1
            if self.errors_in_a_row >= self.most_errors:
                place = display(self.options.absolute(path))
                raise StorageProblem(
                    f"{self.errors_in_a_row} folders in a row could not be listed, the last one {place}: "
                    f"{reason_of(error)}."
                ) from error
        problems = [] if error.errno in GONE else [problem(path, error)]
        return FolderListing(path, complete=False, problems=problems)

    def _scope_inside(self, folder: PendingFolder, names: list[bytes]) -> ignore.IgnoreScope | None:
        """The rules inside a folder; None when an empty ignore file excludes all of it. Raises OSError."""
        if ignore.IGNORE_FILE not in names:
            return folder.scope
        lines = ignore.read_ignore_file(self.options.absolute(join(folder.path, ignore.IGNORE_FILE)))
        if lines is None:
            return folder.scope
        return None if ignore.is_blank_ignore_file(lines) else folder.scope.inside(folder.path, lines)

    def _belonging(self, folder: PendingFolder, entries: list[Entry], listing: FolderListing) -> list[Entry]:
        """The entries that no rule excludes. Only for folders in which patterns hold."""
        kept = []
        for entry in entries:
            name = entry.name
            audio = is_audio_name(name)
            try:
                is_dir = entry.is_dir()
            except OSError:
                is_dir = False  # whatever is wrong with it, the next look at it will tell
            known = audio or is_dir or unread_suffix(name) is not None
            if known and folder.scope.excluded(join(folder.path, name), is_dir):
                listing.ignored += audio and not is_dir
            else:
                kept.append(entry)
        return kept

    def _read(self, listing: FolderListing, names: list[bytes], entries: list[Entry]) -> list[Entry]:
        """Take the plain audio files into the listing and return the rest. The one loop that runs for every file."""
        rest: list[Entry] = []
        late = self._late = self.now_ns() - self.settle_ns if self.settle_ns else _NEVER
        suffixes, other, add, new = AUDIO_SUFFIXES, rest.append, listing.files.append, tuple.__new__
        for start in range(0, len(entries), _CHUNK):
            if start and self.stop():
                raise WalkStopped
            for name, entry in zip(names[start : start + _CHUNK], entries[start : start + _CHUNK], strict=True):
                stem, _, suffix = name.rpartition(b".")
                try:
                    if suffix not in suffixes and suffix.lower() not in suffixes:
                        if not entry.is_file(follow_symlinks=False):
                            other(entry)
                        elif (unread := unread_suffix(name)) is not None:
                            _count_unread(listing, unread.decode())
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

    def _sort_out(self, folder: PendingFolder, entry: Entry, listing: FolderListing) -> PendingFolder | None:
        """Whatever is not plainly an audio file: folders, links, hidden, special and recently written files."""
        path = join(folder.path, entry.name)
        if path in self.away:
            return None
        plain = False
        try:
            if entry.is_dir(follow_symlinks=False):
                return self._folder(folder, path, folder.linked)
            plain = entry.is_file(follow_symlinks=False)
            found = self.links.target(path) if entry.is_symlink() else entry.stat(follow_symlinks=False)
        except OSError as error:
            return self._unknown(folder, listing, path, error, plain)
        if found is not None and stat.S_ISDIR(found.st_mode):
            return self._folder(folder, path, True)
        if found is None or not _is_regular(found.st_mode) or folder.scope.excluded(path, False):
            listing.ignored += 1  # FIFOs, sockets and devices are never opened
        elif is_audio_name(entry.name):
            self._add(listing, entry.name, found)
        return None

    def _unknown(
        self, folder: PendingFolder, listing: FolderListing, path: bytes, error: OSError, plain: bool
    ) -> PendingFolder | None:
        """Protect a file; what may be a folder too is protected by the listing that fails for it, and told there."""
        name = path.rpartition(b"/")[2]
        if folder.scope.excluded(path, False):
            return None
        if is_audio_name(name):
            self._protected.add(name)
            if plain and error.errno not in GONE:
                listing.problems.append(problem(path, error))
        return None if plain else PendingFolder(path, folder.scope, error=error)

    def _folder(self, parent: PendingFolder, path: bytes, linked: bool) -> PendingFolder | None:
        if not self.options.recursive or parent.scope.excluded(path, True):
            return None
        return PendingFolder(path, parent.scope, linked)

    def _add(self, listing: FolderListing, name: bytes, found: os.stat_result) -> None:
        mtime, ctime = found.st_mtime_ns, found.st_ctime_ns
        if max(mtime, ctime) > self._late:
            now = self.now_ns()
            if min(abs(now - mtime), abs(now - ctime)) < self.settle_ns:
                self._settling.add(name)
                return
        listing.files.append(FileEntry(name, found.st_size, mtime, ctime, found.st_ino))

    def _seal(self, listing: FolderListing) -> None:
        """Put a listing in order and give it its digest, unless something in it is still to be found out."""
        listing.files, digest = seal(listing.files)
        if self._protected or self._settling:
            listing.settling = frozenset(self._settling)
            listing.protected = frozenset(self._protected | self._settling)
        else:
            listing.digest = digest


def _count_unread(listing: FolderListing, suffix: str) -> None:
    found = listing.unread = listing.unread or {}
    found[suffix] = found.get(suffix, 0) + 1


def outermost(targets: Iterable[bytes]) -> list[bytes]:
    """The targets in order, without those inside another. Raises ValueError for one that leads out of the root."""
    kept: list[tuple[bytes, ...]] = []
    for parts in sorted({tuple(part for part in target.split(b"/") if part) for target in targets}):
        if any(part in {b".", b".."} or b"\0" in part for part in parts):
            raise ValueError(f"Not a folder below the root: {display(b'/'.join(parts))}")
        if not kept or parts[: len(kept[-1])] != kept[-1]:
            kept.append(parts)
    return [b"/".join(parts) for parts in kept]


_is_regular = stat.S_ISREG
_path_of = attrgetter("path")
_name_of = attrgetter("name")
_NO_FILES = seal([])[1]
