"""Control of scans with a real worker and a real broker: cancelling, racing, odd deliveries, sudden death."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from libraries import queue, tasks
from libraries.choices import ScanTrigger
from libraries.models import Library, MediaFile, Scan
from libraries.scanner import lease
from libraries.services import scans
from tests.support import processes
from tests.support.scans import write_album, write_track
from tests.support.waiting import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

ROUNDS = 100


@pytest.fixture(scope="module")
def worker(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A worker for all tests of this module, with a broker of its own; its log."""
    folder = tmp_path_factory.mktemp("worker")
    log = folder / "log"
    with processes.broker(folder / "broker") as url:
        environ = processes.environment(folder / "data", REDIS_URL=url, DJANGO_SETTINGS_MODULE="navidrome_lib.settings")
        with processes.process(["-m", "tests.support.slow_worker"], environ, log):
            assert eventually(lambda: " ready." in log.read_text(), seconds=60), log.read_text()
            yield log


@pytest.fixture
def library(tmp_path: Path) -> Library:
    write_album(tmp_path / "music" / "a", 3)
    return Library.objects.create(name="Music", path=str(tmp_path / "music"))


def ask(library: Library) -> Scan:
    """A request that is delivered."""
    return scans.request_scan(library, trigger=ScanTrigger.API)


def wait_for(scan: Scan, condition: Callable[[Scan], object], log: Path, seconds: float = 30) -> None:
    def reached() -> bool:
        scan.refresh_from_db()
        return bool(condition(scan))

    assert eventually(reached, seconds=seconds), (scan.state, scan.phase, scan.error, log.read_text()[-3000:])


@pytest.mark.parametrize("phase", ["walking", "reading"])
def test_cancelling_takes_at_most_five_seconds(worker: Path, tmp_path: Path, phase: str) -> None:
    slow = tmp_path / ("slow-walk" if phase == "walking" else "slow-read")
    for number in range(40):
        (slow / f"{number:02}").mkdir(parents=True)
    write_album(slow / "00", 40)
    library = Library.objects.create(name="Slow", path=str(slow))
    scan = ask(library)
    wait_for(scan, lambda row: row.phase == phase and row.state == "running", worker)
    time.sleep(1)
    began = time.monotonic()
    scans.cancel_scan(scan)
    wait_for(scan, lambda row: row.state != "running", worker, seconds=5)
    assert (scan.state, time.monotonic() - began < 5) == ("cancelled", True)
    assert scan.finished_at is not None


def test_double_and_late_deliveries_change_nothing(worker: Path, library: Library) -> None:
    scan = ask(library)
    for _ in range(5):
        queue.deliver(scan.pk)
    wait_for(scan, lambda row: row.state == "finished", worker)
    before = Scan.objects.values().get()
    for _ in range(5):
        queue.deliver(scan.pk)
    queue.deliver(10**9)
    again = ask(library)
    wait_for(again, lambda row: row.state == "finished", worker)
    assert Scan.objects.values().get(pk=scan.pk) == before
    assert (scan.attempts, again.attempts, again.added) == (1, 1, 0)
    assert MediaFile.objects.count() == 3


def test_a_lost_delivery_is_made_again(worker: Path, library: Library) -> None:
    scan = scans.request_scan(library, trigger=ScanTrigger.API, deliver=False)
    tasks.reap_stale_scans()
    time.sleep(0.5)
    scan.refresh_from_db()
    assert scan.state == "queued"
    Scan.objects.update(requested_at=timezone.now() - timedelta(minutes=1))
    tasks.reap_stale_scans()
    wait_for(scan, lambda row: row.state == "finished", worker)
    assert (scan.attempts, scan.added) == (1, 3)


def test_the_scan_of_a_killed_worker_is_redone(worker: Path, tmp_path: Path) -> None:
    slow = tmp_path / "slow-read"
    write_album(slow / "a", 6)
    library = Library.objects.create(name="Slow", path=str(slow))
    scan = ask(library)
    wait_for(scan, lambda row: row.phase == "reading", worker)
    time.sleep(0.5)
    os.kill(int(scan.worker.rpartition(":")[2]), signal.SIGKILL)
    # the reaper leaves the first ten seconds of a request to its own delivery
    Scan.objects.update(requested_at=timezone.now() - timedelta(minutes=1))

    def taken_back() -> bool:
        tasks.reap_stale_scans()
        return not Scan.objects.filter(pk=scan.pk, attempts=1).exists()

    assert eventually(taken_back, seconds=30)
    wait_for(scan, lambda row: row.state == "finished", worker)
    assert (scan.attempts, scan.added) == (2, 6)
    assert MediaFile.objects.present().count() == 6


def test_the_command_and_a_worker_never_scan_the_same_library_at_once(
    worker: Path, library: Library, tmp_path: Path
) -> None:
    for number in (4, 5):
        write_track(tmp_path / "music" / "a" / f"{number:02}.flac", f"Song {number}", number=number)
        ask(library)
        call_command("scan", "Music", verbosity=0)
        assert eventually(lambda: not Scan.objects.active().exists(), seconds=30)
    scans = Scan.objects.order_by("started_at")
    assert {(scan.state, scan.attempts) for scan in scans} == {("finished", 1)}
    for before, after in pairwise(scans):
        assert before.finished_at is not None
        assert after.started_at is not None
        assert before.finished_at <= after.started_at
    assert sum(scan.added for scan in scans) == MediaFile.objects.count() == 5


def test_exactly_one_scan_runs_in_a_hundred_races(library: Library) -> None:
    """Two workers and the command go for the scans of one library at the same moment."""
    won: list[tuple[int, str]] = []
    failed: list[BaseException] = []
    start, end = threading.Barrier(4, timeout=60), threading.Barrier(4, timeout=60)

    def claim(name: str, numbers: list[int]) -> None:
        won.extend((pk, name) for pk in numbers if lease.claim(pk, name) is not None)

    def work(name: str) -> None:
        try:
            for _ in range(ROUNDS):
                start.wait()
                if name == "command":
                    claim(name, [scans.request_scan(library, trigger=ScanTrigger.COMMAND, deliver=False).pk])
                else:
                    claim(name, lease.next_queued(library.pk))
                end.wait()
        except BaseException as error:
            failed.append(error)
            start.abort()
            end.abort()
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(name,)) for name in ("one", "two", "command")]
    for thread in threads:
        thread.start()
    try:
        for number in range(ROUNDS):
            Scan.objects.create(library=library, trigger=ScanTrigger.API)
            start.wait()
            end.wait()
            assert len(won) == number + 1, won[number:]
            assert list(Scan.objects.running().values_list("pk", "worker")) == [won[-1]]
            Scan.objects.all().delete()
    except threading.BrokenBarrierError:
        pass  # one of the threads failed, and says how below
    finally:
        start.abort()
        for thread in threads:
            thread.join(timeout=60)
    assert failed == []
    assert len(won) == ROUNDS
