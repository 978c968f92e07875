"""A process that is asked to stop gives its scan back to the queue; only a person ends a scan for good."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from libraries import tasks
from libraries.choices import ScanTrigger
from libraries.cleanup import clear_library
from libraries.models import Library, MediaFile, Scan
from libraries.scanner import lease, pipeline
from libraries.scanner.limits import ScanLimits
from libraries.scanner.moves import fingerprints
from libraries.services import libraries, scans
from navidrome_lib import stopping
from navidrome_lib.celery import app
from tests.support import processes
from tests.support.scans import request, scan, write_album
from tests.support.waiting import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

SLOW_FILES = 8


@pytest.fixture
def library(tmp_path: Path) -> Library:
    write_album(tmp_path / "music" / "a", 4)
    return Library.objects.create(name="Music", path=str(tmp_path / "music"))


@pytest.fixture(autouse=True)
def running_again() -> Iterator[None]:
    yield
    stopping.forget()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was handed to the broker."""
    messages: list[Any] = []
    monkeypatch.setattr(app, "send_task", lambda name, args, **_: messages.append((name.rpartition(".")[2], *args)))
    return messages


def stop_in(phase: str) -> Any:
    def look(running: Scan) -> None:
        if running.phase == phase:
            stopping.ask()

    return look


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_a_worker_that_is_stopped_gives_its_scan_back(tmp_path: Path, number: signal.Signals) -> None:
    write_album(tmp_path / "slow-read", SLOW_FILES)
    library = Library.objects.create(name="Slow", path=str(tmp_path / "slow-read"))
    log = tmp_path / "log"

    def reaches(row: Scan, *states: str, seconds: float = 40) -> None:
        def look() -> bool:
            row.refresh_from_db()
            return row.state in states and (row.state != "running" or row.phase == "reading")

        assert eventually(look, seconds=seconds), (row.state, row.phase, row.error, log.read_text()[-3000:])

    with processes.broker(tmp_path / "broker") as url:
        environ = processes.environment(
            tmp_path / "data", REDIS_URL=url, DJANGO_SETTINGS_MODULE="navidrome_lib.settings"
        )
        with processes.process(["-m", "tests.support.slow_worker"], environ, log) as worker:
            asked = scans.request_scan(library, trigger=ScanTrigger.API)
            reaches(asked, "running")
            began = time.monotonic()
            os.kill(worker.pid, number)
            worker.wait(timeout=20)
            assert time.monotonic() - began < 8, log.read_text()
            asked.refresh_from_db()
            assert (asked.state, asked.attempts, asked.interruptions) == ("queued", 1, 1), log.read_text()
            assert (asked.error, asked.lease_expires_at) == ("", None)
        assert "Traceback" not in log.read_text()
        with processes.process(["-m", "tests.support.slow_worker"], environ, log):
            assert eventually(lambda: " ready." in log.read_text(), seconds=60)
            Scan.objects.update(requested_at=asked.requested_at.replace(year=2000), delivered_at=None)
            tasks.reap_stale_scans()  # what the clock does every 15 seconds
            reaches(asked, "finished", "failed", "cancelled")
    assert (asked.state, asked.attempts) == ("finished", 2)
    assert MediaFile.objects.present().count() == SLOW_FILES


@pytest.mark.parametrize("phase", ["checking", "walking", "reading", "moving", "marking", "totals"])
def test_a_stop_in_any_phase_is_not_the_end(library: Library, phase: str) -> None:
    asked = request(library)
    for _ in range(ScanLimits.attempts + 1):  # as often as it likes: the scan is not to blame
        assert pipeline.run(asked.pk, on_progress=stop_in(phase)) is None
        asked.refresh_from_db()
        assert (asked.state, asked.error) == ("queued", "")
        assert pipeline.run(asked.pk) is None  # who stops begins nothing
        stopping.forget()
    done = pipeline.run(asked.pk)
    assert done is not None
    assert (done.state, MediaFile.objects.present().count()) == ("finished", 4)
    library.refresh_from_db()
    assert library.total_songs == 4


def test_a_stop_between_two_instructions(library: Library) -> None:
    def ended(running: Scan) -> None:
        if running.phase == "reading":
            raise SystemExit(0)

    asked = request(library)
    with pytest.raises(SystemExit):
        pipeline.run(asked.pk, on_progress=ended)
    asked.refresh_from_db()
    assert (asked.state, asked.interruptions) == ("queued", 1)


def test_a_stopped_scan_joins_the_request_that_waits(library: Library) -> None:
    asked = request(library, full=True)

    def another(running: Scan) -> None:
        if running.phase == "reading":
            Scan.objects.create(library=library, trigger=ScanTrigger.API, targets=["a"])
            stopping.ask()

    assert pipeline.run(asked.pk, on_progress=another) is None
    asked.refresh_from_db()
    waiting = Scan.objects.queued().get()
    assert asked.error == "The server was stopped; the scan that was queued meanwhile replaces this one."
    assert (waiting.pk > asked.pk, waiting.full, waiting.targets) == (True, True, [])


def test_a_scan_that_is_cancelled_and_stopped_is_cancelled(library: Library) -> None:
    asked = request(library)

    def both(running: Scan) -> None:
        if running.phase == "reading":
            Scan.objects.filter(pk=asked.pk).update(cancel_requested=True)
            stopping.ask()

    assert pipeline.run(asked.pk, on_progress=both) is None
    asked.refresh_from_db()
    assert asked.state == "cancelled"


def test_interruptions_do_not_count_as_silent_ends(library: Library) -> None:
    asked = request(library)
    for _ in range(ScanLimits.attempts):
        assert pipeline.run(asked.pk, on_progress=stop_in("walking")) is None
        stopping.forget()
    for attempt in range(1, ScanLimits.attempts + 1):
        assert lease.claim(asked.pk, "mortal") is not None
        Scan.objects.update(lease_expires_at=asked.requested_at)
        assert lease.reap_stale() == 1
        asked.refresh_from_db()
        assert asked.state == ("queued" if attempt < ScanLimits.attempts else "failed")
    assert asked.error == "The worker stopped unexpectedly 3 times."


def test_a_scan_given_back_is_told_to_other_workers(library: Library, sent: list[Any]) -> None:
    asked = request(library)
    stopping.ask()
    tasks.scan_library(asked.pk)
    assert sent == [("scan_library", asked.pk)]


def test_other_long_work_gives_way(library: Library) -> None:
    scan(library)
    MediaFile.objects.update(audio_hash="")
    stopping.ask()
    assert fingerprints.fill_in_fingerprints(library.pk) is False
    assert MediaFile.objects.filter(audio_hash="").count() == 4
    libraries.delete_library(library)
    assert clear_library(library.pk, batch=1) is False
    assert MediaFile.objects.count() == 3
    stopping.forget()
    assert clear_library(library.pk) is True


def test_a_worker_that_is_started_again_has_not_been_asked_to_stop() -> None:
    # both come from one process, as those of the one-command server do
    worker = os.fork()
    if worker == 0:
        stopping.renew()
        stopping.ask()
        os._exit(0 if stopping.is_asked() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) == 0
    assert not stopping.is_asked()
