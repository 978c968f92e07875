"""The second pass: changed folders are compared file by file, read by the readers and mapped, batch by batch."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final

from libraries.audio.model import ReadProblem, ReadResult
from libraries.scanner.aside import ReadAhead
from libraries.scanner.context import FileEntry, FolderListing, ScanOptions, Trouble, join
from libraries.scanner.diff import (
    LASTING_PROBLEMS,
    FolderDiff,
    FolderPlan,
    KnownFolder,
    KnownProblem,
    KnownTrack,
    plan_folder,
)
from libraries.scanner.known import Problems, known_tracks
from libraries.scanner.packing import unpack
from libraries.scanner.writer import FolderResult

BATCH_FILES: Final = 800
BATCH_FOLDERS: Final = 200
# so many batches are with the readers while one is being written: fewer, and they idle when writing takes its time
_AHEAD: Final = 3
# so many files in one batch that fail for the storage's sake, and the storage itself is asked
_SUSPICIOUS: Final = 10

Wanted = tuple[FolderResult, FileEntry, KnownTrack | None]


@dataclass(slots=True)
class Batch:
    """Some changed folders, and the files to read in them by absolute path."""

    results: list[FolderResult] = field(default_factory=list)
    wanted: dict[bytes, Wanted] = field(default_factory=dict)


class Reading:
    """Turns the changed listings of a walk into results that can be written."""

    def __init__(
        self,
        options: ScanOptions,
        diff: FolderDiff,
        folders: dict[bytes, KnownFolder],
        problems: Problems,
        *,
        full: bool,
    ) -> None:
        self._options = options
        self._diff = diff
        self._folders = folders
        self._problems = problems
        self._full = full
        self.unseen: list[str] = []

    def run(self, ahead: ReadAhead, ask_storage: Callable[[], None]) -> Iterator[Sequence[FolderResult]]:
        """Results in the order of the walk. While one batch is being written, the readers work on the next ones."""
        waiting: deque[Batch] = deque()
        for batch in self._batches():
            ahead.submit(list(batch.wanted))
            waiting.append(batch)
            if len(waiting) > _AHEAD:
                yield self._collected(ahead, waiting.popleft(), ask_storage)
        while waiting:
            yield self._collected(ahead, waiting.popleft(), ask_storage)

    def _batches(self) -> Iterator[Batch]:
        for listings in _grouped(self._diff.changed):
            known = [folder for listing in listings if (folder := self._folders.get(listing.path))]
            tracks = known_tracks(sorted({folder.id for folder in known}))
            batch = Batch()
            for listing in listings:
                folder = self._folders.get(listing.path)
                problems = self._problems.get(listing.path, {})
                plan = plan_folder(
                    listing, folder, tracks.get(folder.id, {}) if folder else {}, problems, full=self._full
                )
                self.unseen += [track.id for track in plan.unseen]
                gone = self._diff.gone_problems(listing)
                for piece in _pieces(plan):
                    self._add(batch, piece, problems, [] if piece.part else gone)
                    if len(batch.wanted) >= BATCH_FILES:
                        yield batch
                        batch = Batch()
            yield batch

    def _add(self, batch: Batch, plan: FolderPlan, problems: dict[bytes, KnownProblem], gone: Iterable[bytes]) -> None:
        result = FolderResult(plan, resolved=list(gone))
        batch.results.append(result)
        path = plan.listing.path
        folder = os.path.join(self._options.absolute(path), b"")
        for entry, known in plan.reads:
            batch.wanted[folder + entry.name] = (result, entry, known)
        read = {entry.name for entry, _ in plan.reads}
        # a problem whose file reads well now is closed with the same transaction; one that stays is renewed after it
        result.resolved += [join(path, name) for name in problems if name in read]

    def _collected(self, ahead: ReadAhead, batch: Batch, ask_storage: Callable[[], None]) -> Sequence[FolderResult]:
        doubtful = 0
        for read in chain.from_iterable(ahead.collect(len(batch.wanted))):
            result, entry, known = batch.wanted[read.path]
            doubtful += self._take(read, result, entry, known)
        if doubtful >= _SUSPICIOUS:
            ask_storage()
        return batch.results

    def _take(self, read: ReadResult, result: FolderResult, entry: FileEntry, known: KnownTrack | None) -> bool:
        """Note what became of one file; True when it may be the storage's fault."""
        if read.problem is not None:
            return _note_problem(read.problem, result, entry)
        found = read.converted
        assert found is not None
        if (found.size, found.mtime_ns) != (entry.size, entry.mtime_ns):
            result.unsettled += 1  # still being written: the next scan takes it in
            return False
        result.tracks.append((entry, known, unpack(found.own, found.common)))
        return False


def _note_problem(problem: ReadProblem, result: FolderResult, entry: FileEntry) -> bool:
    if problem.kind == "vanished":
        result.unsettled += 1
    else:
        path = join(result.plan.listing.path, entry.name)
        result.troubles.append(Trouble(path, problem.kind, problem.message, entry.size, entry.mtime_ns))
    return problem.kind not in LASTING_PROBLEMS


def _grouped(listings: Iterable[FolderListing]) -> Iterator[list[FolderListing]]:
    group: list[FolderListing] = []
    files = 0
    for listing in listings:
        group.append(listing)
        files += len(listing.files)
        if files >= BATCH_FILES or len(group) >= BATCH_FOLDERS:
            yield group
            group, files = [], 0
    if group:
        yield group


def _pieces(plan: FolderPlan) -> Iterator[FolderPlan]:
    """A folder as it is, or a giant one in pieces; only the last piece says that the folder is done."""
    rest = list(plan.reads)
    while len(rest) > BATCH_FILES:
        piece, rest = rest[:BATCH_FILES], rest[BATCH_FILES:]
        listing = FolderListing(plan.listing.path, files=[entry for entry, _ in piece], complete=False)
        yield FolderPlan(listing, plan.folder, reads=piece, part=True)
    done = len(plan.reads) - len(rest)
    if done:
        taken = {entry.name for entry, _ in plan.reads[:done]}
        listing = replace(plan.listing, files=[e for e in plan.listing.files if e.name not in taken])
        yield replace(plan, listing=listing, reads=rest)
    else:
        yield plan
