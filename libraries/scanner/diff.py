"""What is new, changed, back or gone: listings of folders against what the catalog knows. No Django, no database.

Two passes, because nothing may be written before the whole library was listed (storage that dies half-way must leave
no trace), and because only then the total is known. The first compares one digest per folder, and sets the listings of
changed folders aside in a temporary file: memory holds a line per folder, never one per file. The second,
`plan_folder`, compares file by file.
"""

from __future__ import annotations

import marshal
import tempfile
from collections.abc import Iterator, Mapping
from typing import IO

from libraries.scanner.counters import Counters
from libraries.scanner.paths import join, parent
from libraries.scanner.types import (
    LASTING_PROBLEMS,
    PASSING_PROBLEMS,
    FileEntry,
    FileProblem,
    FolderListing,
    FolderPlan,
    KnownFolder,
    KnownProblem,
    KnownTrack,
)

_SPOOL_IN_MEMORY = 1 << 20
_LENGTH = 8


class ListingSpool:
    """Listings set aside on disk, in order."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_SPOOL_IN_MEMORY)  # noqa: SIM115 - see close
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, listing: FolderListing) -> None:
        files = [tuple(entry) for entry in listing.files]
        # marshal takes no enums
        problems = [tuple(problem._replace(kind=str(problem.kind))) for problem in listing.problems]
        row = (listing.path, files, listing.digest, listing.complete, listing.protected, listing.ignored, problems)
        data = marshal.dumps(row)
        self._file.write(len(data).to_bytes(_LENGTH, "little") + data)
        self._count += 1

    def __iter__(self) -> Iterator[FolderListing]:
        self._file.seek(0)
        for _ in range(self._count):
            # marshal reads a file byte by byte: it gets the whole row instead
            data = self._file.read(int.from_bytes(self._file.read(_LENGTH), "little"))
            path, files, digest, complete, protected, ignored, problems = marshal.loads(data)  # noqa: S302 - ours
            yield FolderListing(
                path,
                files=[FileEntry(*entry) for entry in files],
                digest=digest,
                complete=complete,
                protected=protected,
                ignored=ignored,
                problems=[FileProblem(*problem) for problem in problems],
            )

    def close(self) -> None:
        self._file.close()


class FolderDiff:
    """The first pass: takes every listing of a walk, and then knows which folders changed and which are gone."""

    def __init__(
        self,
        known: Mapping[bytes, KnownFolder],
        problems: Mapping[bytes, Mapping[bytes, KnownProblem]],
        counters: Counters,
        *,
        full: bool,
        targets: tuple[bytes, ...] = (),
    ) -> None:
        self.changed = ListingSpool()
        self.files = 0
        self.folder_problems = 0
        # files of kinds that are not read, by folder and suffix
        self.unread: dict[bytes, dict[str, int]] = {}
        # the paths of files that list others
        self.playlists: list[bytes] = []
        # folders with files that are too new to be read: they are worth another look in a moment
        self.settling: list[bytes] = []
        self._counters = counters
        self._known = known
        self._problems = problems
        self._full = full
        self._targets = targets
        self._listed: set[bytes] = set()
        self._unproved: set[bytes] = set()
        # the paths of problems in unchanged folders that are none of their files
        self._of_folders: list[bytes] = []

    def add(self, listing: FolderListing) -> bool:
        """Take one listing; says whether its folder changed. Files of one that did not change have their outcome."""
        self._counters.count_folder()
        self.files += len(listing.files) + len(listing.protected)
        if listing.settling:
            self.settling.append(listing.path)
        self._listed.add(listing.path)
        if listing.unread:
            self.unread[listing.path] = listing.unread
        if listing.playlists:
            self.playlists += [join(listing.path, name) for name in listing.playlists]
        if not listing.complete:
            self._unproved.add(listing.path)
        known = self._known.get(listing.path)
        problems = self._problems.get(listing.path, {})
        is_due = bool(problems) and any(problem.is_due for problem in problems.values())
        if self._full or is_due or not self._is_unchanged(listing, known):
            self.changed.add(listing)
            self.folder_problems += len(listing.problems) - problems_of_files(listing)
            return True
        bad = 0
        if problems:
            names = {entry.name for entry in listing.files}
            bad = len(names & problems.keys())
            self._of_folders += [join(listing.path, name) for name in problems.keys() - names]
        self._counters.count_failed(bad)
        self._counters.count_unchanged(len(listing.files) - bad)
        return False

    def _is_unchanged(self, listing: FolderListing, known: KnownFolder | None) -> bool:
        if not listing.complete or listing.problems or listing.protected:
            return False
        if known is None:
            return not listing.files  # a folder without audio is not worth a row
        return bool(listing.digest) and listing.digest == known.digest and not known.missing

    def was_listed(self, path: bytes) -> bool:
        """Whether the walk met a folder."""
        return path in self._listed

    def knows_content(self, path: bytes) -> bool:
        """Whether the walk saw all that is in a folder, or proves that it is gone."""
        return path not in self._unproved and (path in self._listed or self._is_proved(path))

    def gone(self) -> list[KnownFolder]:
        """The folders whose absence this walk proves, and that are not known to be missing already."""
        return [
            folder
            for path, folder in self._known.items()
            if not folder.missing and path not in self._listed and self._is_proved(path)
        ]

    def resolved(self) -> list[bytes]:
        """The paths of open problems that the walk alone ends: of folders that list again or went, or below those."""
        ended = [path for path in self._of_folders if path not in self._listed]
        for folder, problems in self._problems.items():
            went = folder not in self._listed and self._is_proved(folder)
            for name in problems:
                path = join(folder, name)
                if went or (path in self._listed and path not in self._unproved):
                    ended.append(path)
        return ended

    def gone_problems(self, listing: FolderListing) -> list[bytes]:
        """The paths of open problems of files that a complete listing does not show any more."""
        problems = self._problems.get(listing.path)
        if not problems or not listing.complete:
            return []
        there = {entry.name for entry in listing.files} | listing.protected
        gone = (join(listing.path, name) for name in problems if name not in there)
        return [path for path in gone if path not in self._listed]

    def _is_proved(self, path: bytes) -> bool:
        if self._targets and not any(is_inside(path, target) for target in self._targets):
            return False
        return not any(above in self._unproved for above in ancestors(path))


def problems_of_files(listing: FolderListing) -> int:
    """How many of the protected files have a problem of their own."""
    return sum(1 for problem in listing.problems if problem.path.rpartition(b"/")[2] in listing.protected)


def ancestors(path: bytes) -> Iterator[bytes]:
    """The folders above `path`, the root last."""
    while path:
        path = parent(path)
        yield path


def is_inside(path: bytes, folder: bytes) -> bool:
    """Whether `path` is `folder` or below it."""
    return not folder or path == folder or path.startswith(folder + b"/")


def plan_folder(
    listing: FolderListing,
    folder: KnownFolder | None,
    tracks: Mapping[bytes, KnownTrack],
    problems: Mapping[bytes, KnownProblem],
    *,
    full: bool,
) -> FolderPlan:
    """Compare one changed folder file by file."""
    plan = FolderPlan(listing, folder)
    for entry in listing.files:
        track = tracks.get(entry.name)
        problem = problems.get(entry.name)
        if not full and problem is not None and is_still_bad(problem, entry):
            plan.still_bad += 1
        elif full or track is None or problem is not None or not track.is_unchanged(entry):
            plan.reads.append((entry, track))
        elif track.missing:
            plan.back.append(track)
        else:
            plan.unchanged += 1
    if listing.complete:
        there = {entry.name for entry in listing.files} | listing.protected
        plan.unseen = [track for name, track in tracks.items() if not track.missing and name not in there]
    return plan


def is_still_bad(problem: KnownProblem, entry: FileEntry) -> bool:
    """Whether reading the file again would only find the same problem."""
    may_be_better = problem.is_due or problem.kind not in LASTING_PROBLEMS | PASSING_PROBLEMS
    return not may_be_better and problem.is_unchanged(entry)
