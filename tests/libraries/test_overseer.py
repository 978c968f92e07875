"""What watches over the processes of a worker: scans that hang are taken back, and their processes end."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError
from django.utils import timezone

from libraries import overseer, queue
from libraries.choices import ScanTrigger
from libraries.models import Library, Scan
from libraries.overseer import Job, Overseer
from libraries.scanner import lease
from libraries.services import scans
from tests.support import processes
from tests.support.scans import request, write_album
from tests.support.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

PID = 4_000_000


class Time:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Worker:
    """A worker whose one process runs a scan, and an overseer of it that keeps the signals it would send."""

    def __init__(self, scan: Scan) -> None:
        self.jobs = [Job("a", scan.pk, PID)]
        self.killed: list[tuple[int, int]] = []
        self.time = Time()
        self.overseer = Overseer(lambda: self.jobs, kill=lambda *sent: self.killed.append(sent), clock=self.time)

    def look(self, after: float = 0) -> None:
        self.time.now += after
        self.overseer.look()


@pytest.fixture
def library(tmp_path: Path) -> Library:
    (tmp_path / "music").mkdir()
    return Library.objects.create(name="Music", path=str(tmp_path / "music"))


@pytest.fixture
def running(library: Library) -> Scan:
    """A scan that a process of this machine runs."""
    claimed = lease.claim(request(library).pk, lease.worker_name(PID))
    assert claimed is not None
    return claimed.scan


def expire(scan: Scan) -> None:
    Scan.objects.filter(pk=scan.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def state_of(scan: Scan) -> str:
    scan.refresh_from_db()
    return scan.state


def test_a_scan_that_beats_is_left_alone(running: Scan) -> None:
    worker = Worker(running)
    for _ in range(3):
        worker.look(after=1_000)
    assert (state_of(running), worker.killed) == ("running", [])


def test_a_scan_without_a_heartbeat_is_taken_back_and_its_process_ends(running: Scan) -> None:
    worker = Worker(running)
    worker.look()
    expire(running)
    worker.look()
    assert (state_of(running), worker.killed) == ("queued", [])
    worker.look(after=29)
    assert worker.killed == []
    worker.look(after=1)
    assert worker.killed == [(PID, signal.SIGKILL)]


def test_a_process_is_ended_once_and_one_that_is_gone_keeps_no_other_alive(running: Scan) -> None:
    worker, sent = Worker(running), []

    def kill(pid: int, number: int) -> None:
        sent.append(pid)
        if pid == PID:
            raise ProcessLookupError

    worker.jobs.append(Job("b", running.pk + 1, PID + 1))
    worker.overseer = Overseer(lambda: worker.jobs, kill=kill, clock=worker.time)
    Scan.objects.update(state="finished")
    for _ in range(4):
        worker.look(after=30)
    assert sent == [PID, PID + 1]


def test_a_scan_that_another_has_taken_over_ends_its_process(running: Scan) -> None:
    worker = Worker(running)
    expire(running)
    assert lease.reap_stale() == 1
    assert lease.claim(running.pk, "elsewhere:1") is not None
    worker.look()
    worker.look(after=30)
    assert (state_of(running), worker.killed) == ("running", [(PID, signal.SIGKILL)])


def test_a_process_that_goes_on_to_something_else_lives(running: Scan) -> None:
    worker = Worker(running)
    Scan.objects.update(state="finished")
    worker.look()
    worker.jobs = [Job("b", running.pk, PID)]
    worker.look(after=29)
    worker.jobs = []
    worker.look(after=29)
    assert worker.killed == []


def test_behind_an_outage_every_process_may_show_first_that_it_lives(
    running: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(running)
    worker.look()
    expire(running)
    with monkeypatch.context() as away:
        away.setattr(overseer, "reap_stale", no_database)
        worker.look()
    worker.look()
    assert state_of(running) == "running"
    worker.look()
    assert state_of(running) == "queued"


def no_database() -> int:
    raise OperationalError


def hangs(scan: Scan) -> int:
    """Stop the process of a running scan, as an endless loop would; its number."""
    assert eventually(lambda: state_of(scan) == "running" and scan.phase == "walking", seconds=60)
    pid = int(scan.worker.rpartition(":")[2])
    os.kill(pid, signal.SIGSTOP)
    return pid


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.alike
def test_all_processes_of_a_real_worker_hang(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        write_album(tmp_path / name / "slow-walk", 2)
        found.append(Library.objects.create(name=name, path=str(tmp_path / name)))
    log = tmp_path / "log"
    with processes.broker(tmp_path / "broker") as url:
        environ = processes.environment(
            tmp_path / "data", REDIS_URL=url, DJANGO_SETTINGS_MODULE="navidrome_lib.settings"
        )
        with processes.process(["-m", "tests.support.slow_worker"], environ, log):
            asked = [scans.request_scan(library, trigger=ScanTrigger.API) for library in found]
            hung = [hangs(scan) for scan in asked]
            said = log.read_text
            assert eventually(lambda: all(state_of(scan) == "queued" for scan in asked), seconds=40), said()
            assert eventually(lambda: all(map(is_gone, hung)), seconds=20), said()
            for scan in asked:
                queue.deliver(scan.pk)
            assert eventually(lambda: all(state_of(scan) == "finished" for scan in asked), seconds=60), said()
    assert {scan.attempts for scan in asked} == {2}
    assert [line for line in log.read_text().splitlines() if "which hangs: it is ended" in line]
