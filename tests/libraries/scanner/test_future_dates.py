"""Rows that were written while the clock was ahead: nothing waits until that date comes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from libraries import tasks
from libraries.choices import ScanState, WatchState
from libraries.models import Library, Scan, WatchStatus
from libraries.models.watch_status import watcher_of
from libraries.scanner import lease
from libraries.scanner.limits import ScanLimits
from libraries.scanner.moves import fingerprints
from libraries.schedule import next_scan_time
from navidrome_lib import heartbeat
from navidrome_lib.celery import app
from tests.support.scans import request, scan, write_album

pytestmark = pytest.mark.django_db(transaction=True)

YEAR = timedelta(days=365)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    write_album(tmp_path / "music", 2)
    return Library.objects.create(name="Music", path=str(tmp_path / "music"), schedule="@every 1h")


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was handed to the broker."""
    messages: list[Any] = []
    monkeypatch.setattr(app, "send_task", lambda name, args, **_: messages.append((name.rpartition(".")[2], *args)))
    return messages


def scheduled(library: Library, at: timedelta) -> None:
    """A scheduled scan that was asked for at a moment from now, and has ended."""
    done = Scan.objects.create(library=library, trigger="schedule", state="finished")
    Scan.objects.filter(pk=done.pk).update(requested_at=timezone.now() + at)


def started() -> int:
    """How many scans three rounds of the scheduler start; each scan has ended before the next round."""
    before = Scan.objects.count()
    for _ in range(3):
        tasks.start_due_scans()
        Scan.objects.active().update(state=ScanState.FINISHED)
    return Scan.objects.count() - before


def test_a_last_run_in_the_future_is_due_now_and_once(library: Library) -> None:
    scheduled(library, YEAR)
    assert started() == 1


@pytest.mark.parametrize("field", ["created_at", "schedule_since"])
def test_a_schedule_that_begins_in_the_future_is_due_now_and_once(library: Library, field: str) -> None:
    Library.objects.update(**{field: timezone.now() + YEAR})
    assert started() == 1


def test_a_schedule_from_the_future_goes_by_the_last_run(library: Library) -> None:
    Library.objects.update(schedule_since=timezone.now() + YEAR)
    scheduled(library, -timedelta(minutes=50))
    assert started() == 0
    scheduled(library, -timedelta(minutes=70))
    assert started() == 1


def test_a_clock_of_another_machine_that_is_a_bit_ahead_is_no_future(library: Library) -> None:
    scheduled(library, timedelta(seconds=30))
    assert started() == 0
    (row,) = Library.objects.with_scan_state()
    assert next_scan_time(row) is not None


@pytest.mark.parametrize(("at", "reaped"), [(YEAR, 1), (timedelta(hours=1), 1), (ScanLimits.lease, 0)])
def test_a_lease_in_the_future_is_over(library: Library, at: timedelta, reaped: int) -> None:
    scan_id = request(library).pk
    assert lease.claim(scan_id, "dead") is not None
    Scan.objects.update(lease_expires_at=timezone.now() + at, heartbeat_at=timezone.now() + at - ScanLimits.lease)
    assert lease.reap_stale() == reaped
    assert Scan.objects.get().state == (ScanState.QUEUED if reaped else ScanState.RUNNING)


@pytest.mark.parametrize("fields", [("requested_at",), ("delivered_at",), ("requested_at", "delivered_at")])
def test_what_was_asked_for_or_delivered_in_the_future_is_delivered(
    library: Library, sent: list[Any], fields: tuple[str, ...]
) -> None:
    lost = request(library)
    long_ago = timezone.now() - timedelta(minutes=10)
    Scan.objects.update(requested_at=long_ago, delivered_at=None)
    Scan.objects.update(**dict.fromkeys(fields, timezone.now() + YEAR))
    tasks.reap_stale_scans()
    assert sent == [("scan_library", lost.pk)]


def test_a_watcher_of_the_future_is_silent(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    Library.objects.update(watch=True)
    WatchStatus.objects.create(library=library, state=WatchState.WATCHING, heartbeat_at=timezone.now())
    for ahead, state in ((YEAR, WatchState.OFF), (timedelta(seconds=5), WatchState.WATCHING)):
        monkeypatch.setattr(heartbeat, "watcher_seen", lambda ahead=ahead: timezone.now() + ahead)
        (row,) = Library.objects.with_scan_state()
        assert watcher_of(row)[0] == state


def test_fingerprints_that_are_due_in_a_year_are_due_now(library: Library, settings: Settings) -> None:
    scan(library)
    Library.objects.update(fingerprints_due_at=timezone.now() + YEAR)
    assert fingerprints.libraries_without_fingerprints() == [library.pk]
    assert not fingerprints.fill_in_fingerprints(library.pk)
    assert fingerprints.libraries_without_fingerprints() == []
    Library.objects.update(fingerprints_due_at=timezone.now() + timedelta(minutes=9))
    assert fingerprints.libraries_without_fingerprints() == []
