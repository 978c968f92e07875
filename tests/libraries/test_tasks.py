"""Deliveries, schedules, and the clearing of removed libraries."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from libraries import queue, tasks
from libraries.choices import ScanState, ScanTrigger
from libraries.cleanup import clear_library
from libraries.models import Album, Artist, Genre, Library, LibraryArtist, MediaFile, Scan
from libraries.scanner import lease
from navidrome_lib.celery import app
from navidrome_lib.config.schedules import next_due
from tests.support.scans import request, scan, write_album

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    write_album(tmp_path / "music", 3)
    return Library.objects.create(name="Music", path=str(tmp_path / "music"))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What was handed to the broker."""
    messages: list[tuple[str, int]] = []
    monkeypatch.setattr(app, "send_task", lambda name, args, **_: messages.append((name.rpartition(".")[2], *args)))
    return messages


def test_a_broker_that_is_gone_loses_nothing(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def send_task(*_: object, **__: object) -> None:
        raise ConnectionError("refused")

    monkeypatch.setattr(app, "send_task", send_task)
    waiting = request(library)
    queue.deliver(waiting.pk)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.delivered_at) == ("queued", None)


def test_the_scan_that_waits_is_delivered_when_one_ends(library: Library, sent: list[tuple[str, int]]) -> None:
    first = request(library)
    assert lease.claim(first.pk, "elsewhere") is not None
    second = request(library)
    tasks.scan_library(first.pk)
    assert sent == []
    Scan.objects.filter(pk=first.pk).update(state=ScanState.FINISHED)
    tasks.scan_library(first.pk)
    assert sent == [("scan_library", second.pk)]


def test_the_reaper_delivers_what_was_lost(library: Library, sent: list[tuple[str, int]]) -> None:
    lost = request(library)
    tasks.reap_stale_scans()
    assert sent == []
    Scan.objects.update(requested_at=timezone.now() - timedelta(seconds=11))
    tasks.reap_stale_scans()
    assert sent == [("scan_library", lost.pk)]
    tasks.reap_stale_scans()
    assert len(sent) == 1


def test_a_schedule_starts_a_scan_when_it_is_due(
    library: Library, settings: Settings, sent: list[tuple[str, int]]
) -> None:
    scanner = dataclasses.replace(settings.CONF.scanner, schedule="@every 1h")
    settings.CONF = dataclasses.replace(settings.CONF, scanner=scanner)
    tasks.start_due_scans()
    assert sent == []
    Library.objects.update(created_at=timezone.now() - timedelta(hours=2))
    tasks.start_due_scans()
    tasks.start_due_scans()
    due = Scan.objects.get()
    assert (due.trigger, sent) == (ScanTrigger.SCHEDULE, [("scan_library", due.pk)])


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("", None),
        ("1h30m", "2024-01-31 13:30"),
        ("@every 15m", "2024-01-31 12:15"),
        ("@daily", "2024-02-01 00:00"),
        ("5 4 * * *", "2024-02-01 04:05"),
        ("@hourly", "2024-01-31 13:00"),
    ],
)
def test_when_a_schedule_is_due(schedule: str, expected: str | None) -> None:
    due = next_due(schedule, datetime(2024, 1, 31, 12, tzinfo=UTC))
    assert (due and due.strftime("%Y-%m-%d %H:%M")) == expected


@pytest.mark.parametrize(
    "schedule", ["daily", "61 * * * *", "@every", "1h nonsense", "* * * * * *", "* * *", "99999999d", "1e9 * * * *"]
)
def test_a_schedule_that_makes_no_sense(schedule: str) -> None:
    with pytest.raises(ValueError, match="is not a schedule"):
        next_due(schedule, datetime(2024, 1, 31, tzinfo=UTC))


def test_a_removed_library_is_cleared_away(library: Library, tmp_path: Path) -> None:
    write_album(tmp_path / "other", 1, album="Other", artists=("Bob",), album_artists=("Bob",))
    other = Library.objects.create(name="Other", path=str(tmp_path / "other"))
    scan(library)
    scan(other)
    assert clear_library(library.pk) is False
    Library.objects.filter(pk=library.pk).update(deleted_at=timezone.now())
    assert clear_library(library.pk, batch=2, pause=0) is True
    assert clear_library(library.pk) is False
    assert Library.objects.get() == other
    assert (MediaFile.objects.count(), Album.objects.count(), Genre.objects.count()) == (1, 1, 1)
    assert Artist.objects.filter(name="Bob").exists()
    assert len(list((tmp_path / "music").iterdir())) == 3


def test_what_albums_say_is_gathered_behind_a_scan_or_a_minute_later(
    library: Library, sent: list[tuple[str, int]]
) -> None:
    tasks.scan_library(request(library).pk)
    assert Album.objects.exclude(details="").count() == 1
    assert LibraryArtist.objects.exclude(stats="").count() == 1
    Album.objects.update(details="")
    tasks.fingerprint_tracks()
    assert Album.objects.exclude(details="").count() == 1
