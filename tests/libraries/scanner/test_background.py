"""What changed is read while the walk goes on, and nothing of it is written before the walk has ended well."""

from __future__ import annotations

import dataclasses
import errno
import os
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from libraries.audio.errors import ReadProblem
from libraries.audio.pool.protocol import Flights, ReadResult
from libraries.choices import ProblemKind
from libraries.models import Folder, Library, MediaFile, ScanProblem
from libraries.scanner import ScanLimits, pipeline
from libraries.scanner.counters import Counters
from libraries.scanner.diff import FolderDiff
from libraries.scanner.read.batches import Reading
from libraries.scanner.read.readers import make_pool
from libraries.scanner.types import ScanOptions
from libraries.scanner.walk import walker
from libraries.scanner.walk.walker import Entry, walk
from navidrome_lib.limits import limits_of
from tests.hazards.files import RememberingPool, plant, put, song
from tests.support.limits import limit_scans
from tests.support.scans import counts, scan

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

BATCH, EARLY = 4, 3


@pytest.fixture
def library(tmp_path: Path, settings: Settings) -> Library:
    """Three artists of two albums with a batch of songs each."""
    limit_scans(settings, batch_files=BATCH, early_batches=EARLY)
    plant(tmp_path / "music", 6 * BATCH, per_folder=BATCH)
    return Library.objects.create(name="Music", path=str(tmp_path / "music"))


class Heard(RememberingPool):
    """Tells when the first file was read, for a lister that lists the folders of the last artist only after that."""

    def __init__(self) -> None:
        super().__init__()
        self.read = threading.Event()

    def lister(self, path: bytes) -> Iterable[Entry]:
        if b"Artist 002" in path and not self.read.wait(30):
            raise TimeoutError("nothing is read during the walk")
        return walker.os_lister(path)

    def close(self) -> None:
        self.end()

    def read_groups(
        self, paths: Iterable[bytes], *, stop: Callable[[], bool] | None = None
    ) -> Generator[list[ReadResult], None, None]:
        for results in super().read_groups(paths, stop=stop):
            self.read.set()
            yield results


@pytest.fixture
def waiting_walk(library: Library, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Heard:
    """The folders of the last artist are listed when some file of the others has been read."""
    pool = Heard()
    monkeypatch.setattr(pipeline, "make_pool", lambda **_: pool)
    # no listing waits for others before it is shown
    limit_scans(settings, group=1)
    return pool


def test_a_first_scan_reads_while_it_walks(library: Library, waiting_walk: Heard) -> None:
    assert counts(scan(library, lister=waiting_walk.lister)) == {"added": 6 * BATCH}
    assert counts(scan(library, lister=waiting_walk.lister)) == {"skipped": 6 * BATCH}


def test_a_later_scan_reads_while_it_walks(library: Library, waiting_walk: Heard) -> None:
    """Files that changed, one that goes and one that becomes a folder, all of them read before the walk ends."""
    first = Path(library.path) / "Artist 000" / "Album 000"
    put(first / "05 broken.mp3", b"")
    assert scan(library, lister=waiting_walk.lister).failed == 1
    for path in sorted(Path(library.path).rglob("*song.mp3"))[:BATCH]:
        path.write_bytes(song("Another", mark=99) + path.read_bytes())
    (first / "05 broken.mp3").unlink()
    put(first / "05 broken.mp3" / "06 inside.mp3", song("Inside", mark=100))
    waiting_walk.read.clear()
    assert counts(scan(library, lister=waiting_walk.lister)) == {"added": 1, "updated": BATCH, "skipped": 5 * BATCH}
    assert not ScanProblem.objects.unresolved().exists()


def test_what_was_read_leaves_no_trace_when_the_storage_goes(
    library: Library, waiting_walk: Heard, settings: Settings
) -> None:
    def dying(path: bytes) -> Iterator[Entry]:
        if b"Artist 001" in path:
            assert waiting_walk.read.wait(30)
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)
        yield from walker.os_lister(path)

    limit_scans(settings, errors_in_a_row=1)
    assert scan(library, lister=dying).state == "offline"
    assert not MediaFile.objects.exists()
    assert not Folder.objects.exists()
    assert not ScanProblem.objects.exists()


class Orders:
    """Counts what would be read; all of it has vanished when it is."""

    def __init__(self) -> None:
        self.paths: list[bytes] = []
        self._unread: list[bytes] = []

    def submit(self, paths: list[bytes]) -> None:
        self.paths += paths
        self._unread += paths

    def collect(self) -> list[ReadResult]:
        unread, self._unread = self._unread, []
        return [ReadResult(path, problem=ReadProblem(ProblemKind.VANISHED, "It is gone.")) for path in unread]


def test_what_is_read_early_is_bounded(library: Library, tmp_path: Path, settings: Settings) -> None:
    """Also where a single folder has more files than may wait in memory; each file is ordered once in the end."""
    for number in range(10 * BATCH):
        put(tmp_path / "music" / "Artist 000" / "Giant" / f"{number:03}.mp3", b"")
    options = ScanOptions(root=os.fsencode(library.path))
    diff, orders = FolderDiff({}, {}, Counters(), full=False), Orders()
    reading = Reading(options, diff, {}, {}, orders, full=False, limits=limits_of(ScanLimits))  # type: ignore[arg-type]
    files = 0
    for listing in walk(options):
        files += len(listing.files)
        if diff.add(listing):
            reading.take(listing)
        assert len(orders.paths) <= EARLY * BATCH
    assert len(orders.paths) == EARLY * BATCH
    early = list(orders.paths)
    taken = [result.plan for results in reading.run(lambda: None) for result in results]
    assert len(orders.paths) == len(set(orders.paths)) == files == 16 * BATCH
    assert orders.paths[: len(early)] == early
    assert sum(len(plan.reads) for plan in taken) == files


def test_readers_get_what_the_listing_of_folders_leaves_of_the_ceiling(settings: Settings) -> None:
    scanner = dataclasses.replace(settings.CONF.scanner, in_flight=20, readers=2)
    settings.CONF = dataclasses.replace(settings.CONF, scanner=scanner)
    for folders, each in ((0, 10), (8, 6), (19, 1), (20, 1)):
        with make_pool(listing=partial(int, folders)) as pool:
            assert pool.flights() == Flights(each)


def test_a_scan_lists_as_many_folders_at_once_as_its_ceiling_allows(
    library: Library, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "make_pool", lambda **_: RememberingPool())
    for in_flight, most in ((1, 1), (8, 6)):
        scanner = dataclasses.replace(settings.CONF.scanner, in_flight=in_flight)
        settings.CONF = dataclasses.replace(settings.CONF, scanner=scanner)
        listing = SlowListing()
        assert scan(library, lister=listing).state == "finished"
        assert (listing.most > 1) == (most > 1)
        assert listing.most <= most


class SlowListing:
    """A lister of storage that waits; it counts how many folders are listed at once."""

    def __init__(self) -> None:
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def __call__(self, path: bytes) -> Iterable[Entry]:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.01)
        with self._lock:
            self._now -= 1
        return walker.os_lister(path)
