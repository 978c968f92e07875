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
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import Final

from libraries.in_flight import InFlight
from libraries.scanner.limits import ScanLimits
from libraries.scanner.paths import display
from libraries.scanner.types import FileProblem, FolderListing, ScanOptions
from libraries.scanner.walk import ignore
from libraries.scanner.walk.ahead import MOST_AHEAD, Visits
from libraries.scanner.walk.change_key import GONE, is_audio_name, problem, reason_of
from libraries.scanner.walk.links import Links
from libraries.scanner.walk.visit import (
    Entry,
    Lister,
    PendingFolder,
    Visit,
    Visitor,
    WalkStopped,
    never,
    os_lister,
)

__all__ = ["Entry", "Lister", "StorageProblem", "WalkStopped", "os_lister", "outermost", "walk"]

# FileProblem of one folder, however many stand side by side; anything else may be the storage itself going away.
# EFBIG is an ignore file above the limits.
_LOCAL: Final = GONE | {errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP, errno.EFBIG}


class StorageProblem(Exception):
    """Several folders in a row could not be listed: the storage is failing, and nothing may be concluded."""


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
    in_flight: InFlight | None = None,
    most_ahead: int = MOST_AHEAD,
) -> Generator[FolderListing, None, None]:
    """List a library folder by folder, parents first. Raises StorageProblem and WalkStopped; see the module.

    Folders in `away` are not entered: each has an incomplete listing with its problem at the end, whether or not it is
    there. `followed` is filled with the links to folders that were followed, and where they lead. `in_flight` says how
    many folders are listed at once (unless given, one after the other), and `most_ahead` how many files may be listed
    before they are drawn.

    A file whose times lie within `settle_ns` of now, on either side, is still being written. A time further in the
    future says nothing: such a file is taken at once, or it would wait for ever. Nearby future times do count, because
    the clock of a NAS may run ahead of ours. The ctime is the one that cannot be forged by a copy that keeps times; the
    mtime is looked at for file systems whose ctime is the time of creation.
    """
    found = {} if followed is None else followed
    links = Links(options, is_audio_name)
    visitor = Visitor(
        options=options, links=links, lister=lister, now_ns=now_ns, settle_ns=settle_ns, stop=stop, away=away or {}
    )
    visits = Visits(visitor, in_flight or InFlight(1), most_ahead=most_ahead)
    return _Walk(visitor, visits, errors_in_a_row, found).run()


class _Walk:
    def __init__(self, visitor: Visitor, visits: Visits, errors_in_a_row: int, followed: dict[bytes, bytes]) -> None:
        self.visitor = visitor
        self.options = visitor.options
        self.stop = visitor.stop
        self.followed = followed
        self.visits = visits
        self.errors_in_a_row = 0
        self.most_errors = errors_in_a_row

    def run(self) -> Generator[FolderListing, None, None]:
        try:
            yield from self._listings()
        finally:
            self.visits.close()
        for path in sorted(self.visitor.away):
            yield FolderListing(path, complete=False, problems=[self.visitor.away[path]])

    def _listings(self) -> Iterator[FolderListing]:
        visits = self.visits
        visits.push(self._starts())
        while (folder := visits.pop()) is not None:
            if self.stop():
                raise WalkStopped
            entered = self._enter(folder)
            if entered is None:
                continue
            visit = visits.take(entered)
            yield self._listing(visit)
            self.followed |= visit.followed
            visits.push(visit.children)

    def _enter(self, folder: PendingFolder) -> PendingFolder | None:
        """The folder, unless links led into it before."""
        if not folder.linked or folder.error is not None:
            return folder
        try:
            if self.visitor.links.enter(self.visits.identity(folder)):
                return folder
        except OSError as error:
            return folder._replace(error=error)
        self.visits.drop(folder)
        return None

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
                entries, _, scope = self.visitor.entries(folder)
            except OSError as error:
                return PendingFolder(target, root.scope, error=error)
            entry = next((entry for entry in entries if entry.name == name), None)
            if scope is None or entry is None:
                return None
            child = self.visitor.child(folder._replace(scope=scope), entry, self.followed)
            if child is None or child.error is not None:
                return child and child._replace(path=target)
            folder = child
        return folder

    def _listing(self, visit: Visit) -> FolderListing:
        """The listing of a visit; one that failed protects all below it. Raises StorageProblem."""
        error = visit.error
        if error is None:
            self.errors_in_a_row = 0
            return visit.listing
        path = visit.listing.path
        if error.errno not in _LOCAL:
            self.errors_in_a_row += 1
            if self.errors_in_a_row >= self.most_errors:
                place = display(self.options.absolute(path))
                raise StorageProblem(
                    f"{self.errors_in_a_row} folders in a row could not be listed, the last one {place}: "
                    f"{reason_of(error)}."
                ) from error
        # a folder that went after its parent was listed is no problem
        problems = [] if error.errno in GONE else [problem(path, error)]
        return FolderListing(path, complete=False, problems=problems)


def outermost(targets: Iterable[bytes]) -> list[bytes]:
    """The targets in order, without those inside another. Raises ValueError for one that leads out of the root."""
    kept: list[tuple[bytes, ...]] = []
    for parts in sorted({tuple(part for part in target.split(b"/") if part) for target in targets}):
        if any(part in {b".", b".."} or b"\0" in part for part in parts):
            raise ValueError(f"Not a folder below the root: {display(b'/'.join(parts))}")
        if not kept or parts[: len(kept[-1])] != kept[-1]:
            kept.append(parts)
    return [b"/".join(parts) for parts in kept]
