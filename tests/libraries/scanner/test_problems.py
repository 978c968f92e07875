"""Files that could not be read: read again as soon as they may be better, and not before."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Generator, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from libraries.audio.errors import ReadProblem
from libraries.audio.pool.pool import ReaderPool
from libraries.audio.pool.protocol import ReadResult
from libraries.models import Library, ScanProblem
from libraries.scanner import pipeline
from libraries.scanner.read.readers import make_pool
from tests.support.scans import counts, ids, scan, write_track
from tests.support.trees import FailingStorage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_readers")]

GOOD, BAD = "good.flac", "bad.flac"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Two files; the content of one of them is lost."""
    root = tmp_path / "music"
    write_track(root / GOOD, "Good", number=1)
    bad = write_track(root / BAD, "Bad", number=2)
    bad.rename(tmp_path / "whole")
    bad.write_bytes(bytes((tmp_path / "whole").stat().st_size))
    return Library.objects.create(name="Music", path=str(root))


def replace(bad: Path, whole: Path) -> None:
    """As `rsync -c` does it: another file takes the place of the old one."""
    facts = bad.stat()
    os.utime(whole, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    whole.rename(bad)


def fill(bad: Path, whole: Path) -> None:
    """As a download does it whose space was reserved: the file is written in its place."""
    facts = bad.stat()
    bad.write_bytes(whole.read_bytes())
    os.utime(bad, ns=(facts.st_atime_ns, facts.st_mtime_ns))


@pytest.mark.parametrize("mend", [replace, fill])
def test_a_mended_file_is_read_again(library: Library, tmp_path: Path, mend: Callable[[Path, Path], None]) -> None:
    bad = Path(library.path) / BAD
    assert counts(scan(library)) == {"added": 1, "failed": 1}
    assert counts(scan(library)) == {"skipped": 1, "failed": 1}
    before = bad.stat()
    mend(bad, tmp_path / "whole")
    assert (bad.stat().st_size, bad.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert counts(scan(library)) == {"added": 1, "skipped": 1}
    assert not ScanProblem.objects.unresolved().exists()


def test_a_file_that_was_mended_before_its_problem_had_a_key_is_read_once(library: Library, tmp_path: Path) -> None:
    scan(library)
    ScanProblem.objects.update(ctime_ns=0, inode=0)
    assert counts(scan(library)) == {"skipped": 1, "failed": 1}
    problem, found = ScanProblem.objects.unresolved().get(), (Path(library.path) / BAD).stat()
    assert (problem.ctime_ns, problem.inode) == (found.st_ctime_ns, found.st_ino)
    fill(Path(library.path) / BAD, tmp_path / "whole")
    # as the scans of former versions left it: the folder is as it was last seen, and the file is still "broken"
    scan(library)
    ScanProblem.objects.update(ctime_ns=0, inode=0, resolved_at=None)
    scan(library)
    assert not ScanProblem.objects.unresolved().exists()


class Moody(ReaderPool):
    """Real readers; files with a name in `failing` fail with the kind given there."""

    failing: dict[str, str]
    read: list[str]

    def read_groups(
        self, paths: Iterable[bytes], *, stop: Callable[[], bool] | None = None
    ) -> Generator[list[ReadResult], None, None]:
        good = []
        for path in paths:
            name = os.path.basename(os.fsdecode(path))
            self.read.append(name)
            if kind := self.failing.get(name):
                yield [ReadResult(path, problem=ReadProblem(kind, "It failed."))]
            else:
                good.append(path)
        yield from super().read_groups(good, stop=stop)


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> type[Moody]:
    def make(**options: Any) -> ReaderPool:
        pool = make_pool(**options)
        pool.__class__ = Moody
        return pool

    Moody.failing, Moody.read = {}, []
    monkeypatch.setattr(pipeline, "make_pool", make)
    return Moody


def reads(library: Library, readers: type[Moody]) -> list[str]:
    """What the readers are asked for by a scan."""
    readers.read = []
    done = scan(library)
    assert (done.state, done.failed, done.seen) == ("finished", len(readers.failing), 2)
    return sorted(readers.read)


@pytest.mark.parametrize("kind", ["timeout", "memory"])
def test_a_failure_of_the_moment_is_tried_again(library: Library, readers: type[Moody], kind: str) -> None:
    write_track(Path(library.path) / BAD, "Bad", number=2)
    readers.failing[BAD] = kind
    assert reads(library, readers) == [BAD, GOOD]
    assert [reads(library, readers) for _ in range(5)] == [[BAD]] * 3 + [[]] * 2
    problem = ScanProblem.objects.unresolved().get()
    assert (problem.kind, problem.attempts) == (kind, 4)

    ScanProblem.objects.update(last_seen_at=timezone.now() - timedelta(hours=23))
    assert reads(library, readers) == []
    ScanProblem.objects.update(last_seen_at=timezone.now() - timedelta(hours=25))
    assert [reads(library, readers) for _ in range(2)] == [[BAD], []]
    # a clock that was ahead must not put a file off until it is that late
    ScanProblem.objects.update(last_seen_at=timezone.now() + timedelta(days=365))
    assert [reads(library, readers) for _ in range(2)] == [[BAD], []]

    readers.failing.clear()
    ScanProblem.objects.update(last_seen_at=timezone.now() - timedelta(hours=25))
    assert reads(library, readers) == [BAD]
    assert not ScanProblem.objects.unresolved().exists()
    assert set(ids(library)) == {GOOD, BAD}
    assert reads(library, readers) == []


def test_another_file_in_its_place_begins_to_count_again(library: Library, readers: type[Moody]) -> None:
    readers.failing[BAD] = "timeout"
    for _ in range(5):
        scan(library)
    write_track(Path(library.path) / BAD, "Another", number=3)
    assert reads(library, readers) == [BAD]
    assert ScanProblem.objects.unresolved().get().attempts == 1
    assert [reads(library, readers) for _ in range(4)] == [[BAD]] * 3 + [[]]


def test_a_file_that_was_replaced_while_it_failed_keeps_its_track(library: Library, readers: type[Moody]) -> None:
    write_track(Path(library.path) / BAD, "Bad", number=2)
    scan(library)
    before = ids(library)
    readers.failing[BAD] = "timeout"
    (Path(library.path) / BAD).touch()
    assert reads(library, readers) == [BAD]
    assert reads(library, readers) == [BAD]
    readers.failing.clear()
    assert reads(library, readers) == [BAD]
    assert ids(library) == before


def test_a_problem_of_a_folder_that_was_removed_is_closed(library: Library) -> None:
    """Also where nothing else changed in the folder above it."""
    closed = Path(library.path) / "closed"
    closed.mkdir()
    scan(library, lister=FailingStorage({b"/closed": errno.EACCES}))
    assert set(ScanProblem.objects.unresolved().values_list("path", flat=True)) == {BAD, "closed"}
    closed.rmdir()
    scan(library)
    assert ScanProblem.objects.unresolved().get().path == BAD
