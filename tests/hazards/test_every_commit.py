"""Scans and approvals that end behind any commit: killed, cancelled, or with their storage gone.

Whatever happened, the disk settles, and one quick scan of each library gives what an undisturbed run gives.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Count, Sum
from django.utils import timezone
from pytest_django.fixtures import Settings

from libraries.choices import ScanState
from libraries.models import Library, MediaFile, Scan
from libraries.scanner import lease, pipeline
from libraries.services.scans import approve_scan
from tests.hazards import at_most
from tests.hazards.database import KILLED, Snapshot, in_a_process_that_dies, watched
from tests.hazards.files import RememberingPool, plant, put, song
from tests.hazards.tree_catalog import shown
from tests.support.limits import limit_scans
from tests.support.scans import ids, request
from tests.support.sharing import DAY, THOROUGH, Share

pytestmark = pytest.mark.django_db(transaction=True)

FILES = 60
SEED = 20261128


@pytest.fixture
def small_steps(quick_reading: RememberingPool, settings: Settings) -> None:
    """More transactions than libraries of this size would need."""
    limit_scans(settings, batch_files=15, pairs=4, marks=4)


class Disk:
    """Two libraries on one disk, which can be taken away as a whole."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "disk"
        self.one, self.two = self.place / "one", self.place / "two"
        self.songs = plant(self.one, FILES, per_folder=6)
        for index in range(12):
            put(self.two / "Other" / f"{index:02}.mp3", song(f"Other {index}", mark=500 + index, TALB="Other"))

    def take_away(self) -> None:
        if self.place.exists():
            self.place.rename(self.place.with_name("away"))

    def give_back(self) -> None:
        away = self.place.with_name("away")
        if away.exists():
            away.rename(self.place)

    def folder(self, index: int) -> Path:
        """The folder of the album with this number."""
        return self.songs[index * 6].parent


@dataclass(frozen=True)
class Scenario:
    """`before` changes the disk of two scanned libraries, `after` the disk once the work has ended, in whatever way.

    `exact`: the interruption makes no difference to any id. Where `after` undoes what the work saw, it may: then only
    what must always hold is checked.
    """

    name: str
    before: Callable[[Disk], None]
    after: Callable[[Disk], None] = lambda disk: None
    first: bool = False
    missing_first: bool = False
    approving: bool = False
    exact: bool = True

    def __str__(self) -> str:
        return self.name


def nothing(disk: Disk) -> None:
    """Change nothing."""


def change(disk: Disk) -> None:
    """Move, lose, replace and retag, within and between the libraries."""
    for path in disk.songs[0:5]:
        path.rename(path.with_name("moved " + path.name))
    disk.folder(1).rename(disk.folder(1).with_name("renamed"))
    disk.folder(2).rename(disk.two / "from one")
    (disk.two / "Other").rename(disk.one / "from two")
    shutil.rmtree(disk.folder(3))
    for path in disk.songs[24:27]:
        path.unlink()
    for index in (30, 31):
        disk.songs[index].unlink()
        put(disk.songs[index], song(f"Song {index}, retagged", mark=index + 1, TALB="Another", TPE1="Bob"))
    disk.songs[36].rename(disk.one / "between")
    disk.songs[42].rename(disk.songs[36])
    (disk.one / "between").rename(disk.songs[42])
    put(disk.one / "New" / "1.mp3", song("New", mark=1000, TALB="New"))
    put(disk.one / "New" / "2.mp3", b"not a song")


def lose_some(disk: Disk) -> None:
    """Put two folders aside: a later scan marks their tracks missing."""
    disk.folder(1).rename(disk.place / "aside 1")
    disk.folder(2).rename(disk.place / "aside 2")


def back_elsewhere(disk: Disk) -> None:
    """What went missing turns up in other places, one of them in the other library."""
    (disk.place / "aside 1").rename(disk.one / "back")
    (disk.place / "aside 2").rename(disk.two / "back")


def lose_most(disk: Disk) -> None:
    """So much that a scan asks first."""
    (disk.place / "kept").mkdir(exist_ok=True)
    for index in range(8):
        if disk.folder(index).exists():
            disk.folder(index).rename(disk.place / "kept" / str(index))


def bring_back(disk: Disk) -> None:
    """What `lose_most` lost is in its place again, with all its times."""
    for index in range(8):
        kept = disk.place / "kept" / str(index)
        if kept.exists():
            kept.rename(disk.folder(index))


def copy_and_lose(disk: Disk) -> None:
    """A folder is gone, and copies of most of its files lie elsewhere."""
    for index in (1, 2, 4):
        shutil.copytree(disk.folder(index), disk.one / f"copy {index}")
    lose_most(disk)


SCENARIOS = [
    Scenario("first scans", nothing, first=True),
    Scenario("changes", change),
    Scenario("back elsewhere", back_elsewhere, missing_first=True),
    Scenario("held", lose_most),
    Scenario("held, and back", lose_most, bring_back, exact=False),
    Scenario("approved", lose_most, approving=True),
    Scenario("approved, and back", lose_most, bring_back, approving=True, exact=False),
    Scenario("copied and lost, and back", copy_and_lose, bring_back, exact=False),
]


def libraries() -> Iterator[Library]:
    yield from Library.objects.order_by("pk")


def run_queued() -> None:
    """What the workers do."""
    while (waiting := Scan.objects.queued().order_by("pk").first()) is not None:
        assert pipeline.run(waiting.pk) is not None


def settle() -> None:
    """What the reaper, the workers and an admin who says yes do, then one quick scan of each library."""
    Scan.objects.running().update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    lease.reap_stale()
    run_queued()
    for library in libraries():
        request(library)
    run_queued()
    for held in Scan.objects.filter(state=ScanState.HELD).order_by("pk"):
        approve_scan(held)
        run_queued()
    assert set(Scan.objects.values_list("state", flat=True)) <= {"finished", "cancelled", "offline"}


def dump(known: dict[str, str]) -> dict[str, Any]:
    """Both libraries, with the place at which each track was known before."""
    return {
        library.name: shown(library)
        | {
            "came from": {path: known.get(pk) for path, pk in ids(library).items()},
            "missing": sorted(
                known.get(pk, "")
                for pk in MediaFile.objects.missing().filter(library=library).values_list("pk", flat=True)
            ),
        }
        for library in libraries()
    }


def check_truth() -> None:
    """Rows are files, nothing is missing that is there, and sums are rows."""
    for library in libraries():
        root = Path(library.path)
        files = {str(path.relative_to(root)) for path in root.rglob("*.mp3") if path.stat().st_size > 100}
        assert set(ids(library)) == files
        gone = MediaFile.objects.missing().filter(library=library)
        assert not [row.path for row in gone if row.path in files and row.path not in ids(library)]
        rows = MediaFile.objects.present().filter(library=library)
        library.refresh_from_db()
        sums = rows.aggregate(songs=Count("pk"), size=Sum("size"))
        assert (library.total_songs, library.total_size) == (sums["songs"], sums["size"] or 0)
        assert library.total_missing_files == gone.count()
        assert not library.totals_stale


class Run:
    """One scenario up to the point where its work begins, and the result of an undisturbed run."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self.scenario = scenario
        self.disk = Disk(folder)
        for name in ("one", "two"):
            Library.objects.create(name=name, path=str(self.disk.place / name))
        self.known: dict[str, str] = {}
        if not scenario.first:
            self.scan_both()
            self.known = {pk: f"{library.name}: {path}" for library in libraries() for path, pk in ids(library).items()}
        if scenario.missing_first:
            lose_some(self.disk)
            self.scan_both()
        scenario.before(self.disk)
        if scenario.approving:
            self.scan_both()
            assert Scan.objects.filter(state=ScanState.HELD).count() == 1
        else:
            for library in libraries():
                request(library)
        self.start = Snapshot()

    def scan_both(self) -> None:
        for library in libraries():
            request(library)
        run_queued()

    def work(self) -> None:
        """What may be interrupted."""
        if self.scenario.approving:
            for held in Scan.objects.filter(state=ScanState.HELD):
                approve_scan(held)
        run_queued()

    def end(self) -> dict[str, Any]:
        """Let the disk and the catalog settle."""
        self.disk.give_back()
        self.scenario.after(self.disk)
        settle()
        check_truth()
        return dump(self.known)

    def undo_after(self) -> None:
        """Put the disk back to where the work began."""
        if self.scenario.after is bring_back:
            lose_most(self.disk)


def cancelled_at(run: Run, point: int) -> None:
    """Do the work; behind the commit with this number, the scan is asked to stop."""
    count = 0

    def committed(_: str) -> None:
        nonlocal count
        count += 1

    def on_progress(scan: Scan) -> None:
        if count == point and scan.state == ScanState.RUNNING:
            raise lease.Cancelled

    with watched(committed, lambda _: None):
        if run.scenario.approving:
            for held in Scan.objects.filter(state=ScanState.HELD):
                approve_scan(held)
        while (waiting := Scan.objects.queued().order_by("pk").first()) is not None:
            pipeline.run(waiting.pk, on_progress=on_progress)


def without_storage_from(run: Run, point: int) -> None:
    """Do the work; behind the commit with this number, the disk goes away."""
    count = 0

    def committed(_: str) -> None:
        nonlocal count
        count += 1
        if count == point:
            run.disk.take_away()

    with watched(committed, lambda _: None):
        run.work()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_every_commit(small_steps: None, tmp_path: Path, share: Share, scenario: Scenario) -> None:
    run = Run(scenario, tmp_path)
    commits: list[str] = []
    with watched(commits.append, lambda _: None):
        run.work()
    reference = run.end()
    dice = random.Random(SEED if THOROUGH else DAY)  # other points each day
    points = range(1, len(commits) + 1)
    ways: dict[str, Callable[[int], object]] = {
        "killed": lambda point: in_a_process_that_dies(run.work, commit=point),
        "cancelled": lambda point: cancelled_at(run, point),
        "without storage": lambda point: without_storage_from(run, point),
    }
    for way, interrupt in ways.items():
        chosen = sorted(dice.sample(points, min(len(points), at_most(4 if way == "killed" else 2, 1000))))
        for point in share.of(chosen):
            run.undo_after()
            run.start.restore()
            ended = interrupt(point)
            assert ended in (KILLED, None), (way, point)
            found = run.end()
            if scenario.exact:
                assert found == reference, (way, point)
