"""The second pass: changed folders are compared file by file, read by the readers and mapped, batch by batch.

Its reading begins during the first one.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice

from libraries.audio.errors import ReadProblem
from libraries.audio.pool.protocol import ReadResult
from libraries.choices import ProblemKind
from libraries.scanner.catalog import Problems, known_tracks
from libraries.scanner.diff import FolderDiff, plan_folder
from libraries.scanner.limits import ScanLimits
from libraries.scanner.paths import join
from libraries.scanner.read.background import BackgroundReader
from libraries.scanner.read.transport import unpack
from libraries.scanner.types import (
    LASTING_PROBLEMS,
    PASSING_PROBLEMS,
    FileEntry,
    FileProblem,
    FolderListing,
    FolderPlan,
    FolderResult,
    KnownFolder,
    KnownProblem,
    KnownTrack,
    ScanOptions,
)


@dataclass(slots=True)
class Batch:
    """Some changed folders, and the files to read in them by absolute path."""

    results: list[FolderResult] = field(default_factory=list)
    paths: list[bytes] = field(default_factory=list)
    unread: int = 0
    # files whose problem may be the storage's
    doubtful: int = 0
    # the whole listings of the folders that end in this batch
    ended: list[tuple[FolderResult, FolderListing]] = field(default_factory=list)


class Reading:
    """Turns the changed listings of a walk into results that can be written."""

    def __init__(
        self,
        options: ScanOptions,
        diff: FolderDiff,
        folders: dict[bytes, KnownFolder],
        problems: Problems,
        ahead: BackgroundReader,
        *,
        full: bool,
        limits: ScanLimits,
    ) -> None:
        self._options = options
        self._diff = diff
        self._folders = folders
        self._problems = problems
        self._ahead = ahead
        self._full = full
        self._limits = limits
        self._group = _Group(limits)
        self._early: deque[Batch] = deque()
        # those of the last group that were too many
        self._rest: Iterator[Batch] = iter(())
        # how many of the changed listings are in early batches
        self._taken = 0
        # what becomes of each file that the readers have
        self._wanted: dict[bytes, tuple[Batch, FolderResult, FileEntry, KnownTrack | None]] = {}
        # the present tracks that complete listings do not show, each with its folder
        self.unseen: dict[str, str] = {}

    def take(self, listing: FolderListing) -> None:
        """Have a changed folder read while the walk goes on, which all of them must be shown to until it ends.

        Nothing is written of it: the walk may still prove that its storage is going away.
        """
        left = self._limits.early_batches - len(self._early)
        if left > 0 and (group := self._group.add(listing)):
            self._taken += len(group)
            self._rest = self._batches(group)
            self._early.extend(map(self._ordered, islice(self._rest, left)))

    def run(self, ask_storage: Callable[[], None]) -> Iterator[Sequence[FolderResult]]:
        """Results in the order of the walk. While one batch is being written, the readers work on the next ones."""
        waiting, self._early = self._early, deque()
        groups = _grouped(islice(self._diff.changed, self._taken, None), self._limits)
        for batch in chain(self._rest, chain.from_iterable(map(self._batches, groups))):
            waiting.append(self._ordered(batch))
            while len(waiting) > self._limits.batches_ahead:
                yield self._collected(waiting.popleft(), ask_storage)
        while waiting:
            yield self._collected(waiting.popleft(), ask_storage)

    def _batches(self, listings: Sequence[FolderListing]) -> Iterator[Batch]:
        known = [folder for listing in listings if (folder := self._folders.get(listing.path))]
        tracks = known_tracks(sorted({folder.id for folder in known}))
        batch, files = Batch(), self._limits.batch_files
        for listing in listings:
            folder = self._folders.get(listing.path)
            problems = self._problems.get(listing.path, {})
            plan = plan_folder(listing, folder, tracks.get(folder.id, {}) if folder else {}, problems, full=self._full)
            if plan.folder is not None:
                self.unseen |= dict.fromkeys((track.id for track in plan.unseen), plan.folder.id)
            for piece in _pieces(plan, files):
                result = self._add(batch, piece, problems)
                if not piece.part:
                    batch.ended.append((result, listing))
                if len(batch.paths) >= files:
                    yield batch
                    batch = Batch()
        if batch.results:
            yield batch

    def _add(self, batch: Batch, plan: FolderPlan, problems: dict[bytes, KnownProblem]) -> FolderResult:
        result = FolderResult(plan)
        batch.results.append(result)
        path = plan.listing.path
        folder = os.path.join(self._options.absolute(path), b"")
        for entry, known in plan.reads:
            place = folder + entry.name
            batch.paths.append(place)
            self._wanted[place] = batch, result, entry, known
        read = {entry.name for entry, _ in plan.reads}
        # a problem whose file reads well now is closed with the same transaction; one that stays is renewed after it
        result.resolved = [join(path, name) for name in problems if name in read]
        return result

    def _ordered(self, batch: Batch) -> Batch:
        self._ahead.submit(batch.paths)
        batch.unread = len(batch.paths)
        return batch

    def _collected(self, batch: Batch, ask_storage: Callable[[], None]) -> Sequence[FolderResult]:
        while batch.unread:
            for read in self._ahead.collect():
                its, result, entry, known = self._wanted.pop(read.path)
                its.unread -= 1
                its.doubtful += self._take(read, result, entry, known)
        if batch.doubtful >= self._limits.doubtful_files:
            ask_storage()
        for result, listing in batch.ended:
            # only after the whole walk it is known which of these files are folders now
            result.resolved += self._diff.gone_problems(listing)
        return batch.results

    def _take(self, read: ReadResult, result: FolderResult, entry: FileEntry, known: KnownTrack | None) -> bool:
        """Record the outcome of one file; True when the storage may be the cause."""
        if read.problem is not None:
            before = self._problems.get(result.plan.listing.path, {}).get(entry.name)
            return _note_problem(read.problem, result, entry, before)
        found = read.converted
        assert found is not None
        if (found.size, found.mtime_ns) != (entry.size, entry.mtime_ns):
            result.unsettled += 1  # still being written: the next scan takes it in
            return False
        result.tracks.append((entry, known, unpack(found.own, found.common)))
        return False


def _note_problem(problem: ReadProblem, result: FolderResult, entry: FileEntry, before: KnownProblem | None) -> bool:
    if problem.kind == ProblemKind.VANISHED:
        result.unsettled += 1
    else:
        path = join(result.plan.listing.path, entry.name)
        attempts = 1 + (before.attempts_at(entry) if before else 0) if problem.kind in PASSING_PROBLEMS else 0
        result.problems.append(FileProblem(path, problem.kind, problem.message, *entry[1:], attempts))
    return problem.kind not in LASTING_PROBLEMS


class _Group:
    """Listings until there are enough of them for a batch or more."""

    def __init__(self, limits: ScanLimits) -> None:
        self.listings: list[FolderListing] = []
        self._files = 0
        self._most_files, self._most_folders = limits.batch_files, limits.batch_folders

    def add(self, listing: FolderListing) -> list[FolderListing]:
        """Take one more; all of them once they are enough, and from then on others."""
        self.listings.append(listing)
        self._files += len(listing.files)
        if self._files < self._most_files and len(self.listings) < self._most_folders:
            return []
        full, self.listings, self._files = self.listings, [], 0
        return full


def _grouped(listings: Iterable[FolderListing], limits: ScanLimits) -> Iterator[list[FolderListing]]:
    group = _Group(limits)
    for listing in listings:
        if full := group.add(listing):
            yield full
    if group.listings:
        yield group.listings


def _pieces(plan: FolderPlan, files: int) -> Iterator[FolderPlan]:
    """A folder as it is, or a giant one in pieces of that size; only the last one says that the folder is done."""
    rest = list(plan.reads)
    while len(rest) > files:
        piece, rest = rest[:files], rest[files:]
        listing = FolderListing(plan.listing.path, files=[entry for entry, _ in piece], complete=False)
        yield FolderPlan(listing, plan.folder, reads=piece, part=True)
    done = len(plan.reads) - len(rest)
    if done:
        taken = {entry.name for entry, _ in plan.reads[:done]}
        listing = replace(plan.listing, files=[e for e in plan.listing.files if e.name not in taken])
        yield replace(plan, listing=listing, reads=rest)
    else:
        yield plan
