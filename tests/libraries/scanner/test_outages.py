"""A scan that meets a full disk, or a database that refuses: it waits with the reason, and goes on by itself."""

from __future__ import annotations

import logging
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from libraries.choices import ScanTrigger
from libraries.models import Library, MediaFile, Scan
from libraries.scanner import lease, pipeline
from libraries.scanner.limits import ScanLimits
from libraries.services import scans
from navidrome_lib import stopping
from navidrome_lib.outages import BUSY, DATABASE_FULL, DISK_FULL, READ_ONLY
from tests.support.full_disk import full_database
from tests.support.scans import ids, request, scan, write_album, write_track

pytestmark = pytest.mark.django_db(transaction=True)

FOLDERS, EACH = 6, 40
SONGS = FOLDERS * EACH


@pytest.fixture
def library(tmp_path: Path) -> Library:
    song = write_track(tmp_path / "song.flac", "Song").read_bytes()
    for folder in range(FOLDERS):
        (tmp_path / "music" / str(folder)).mkdir(parents=True)
        for number in range(EACH):
            (tmp_path / "music" / str(folder) / f"{number}.flac").write_bytes(song)
    return Library.objects.create(name="Music", path=str(tmp_path / "music"))


@pytest.fixture(autouse=True)
def roomy(settings: Settings) -> None:
    """The machine of the test may have any disk."""
    settings.LEAST_DISK_BYTES = 0


@pytest.fixture(autouse=True)
def running_again() -> Iterator[None]:
    yield
    stopping.forget()


@pytest.fixture
def keep_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit of SQLite hangs on the connection."""
    monkeypatch.setattr(connection, "close", lambda: None)


@contextmanager
def waiting(act: Callable[[], object]) -> Iterator[None]:
    """Do something instead of each wait for the database."""
    sleep, pause = time.sleep, ScanLimits.patience_pause_seconds
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", lambda seconds: act() if seconds == pause else sleep(seconds))
        yield


def in_phase(phase: str, act: Callable[[], object]) -> Callable[[Scan], None]:
    def look(running: Scan) -> None:
        if running.phase == phase:
            act()

    return look


def test_a_full_disk_is_the_reason_and_not_the_end(
    library: Library, keep_connection: None, caplog: pytest.LogCaptureFixture
) -> None:
    asked = request(library)
    for attempt in range(1, ScanLimits.attempts + 3):
        caplog.clear()
        with full_database(MediaFile):
            assert pipeline.run(asked.pk, patience=0) is None
        asked.refresh_from_db()
        assert (asked.state, asked.error) == ("queued", DATABASE_FULL.sentence)
        assert (asked.attempts, asked.interruptions) == (attempt, attempt)
        warned = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert len(warned) == 1
        assert not any(record.exc_info for record in caplog.records)
    assert asked.retry_at is not None
    assert lease.next_queued(library.pk) == []
    assert lease.next_queued(library.pk, now=asked.retry_at) == [asked.pk]
    status = scans.scan_status(Library.objects.all())
    assert (status.scanning, status.error) == (True, DATABASE_FULL.sentence)
    done = pipeline.run(asked.pk)
    assert done is not None
    assert (done.state, done.error, MediaFile.objects.present().count()) == ("finished", "", SONGS)


def test_whoever_asks_does_not_wait(library: Library) -> None:
    waiting = request(library, error=DISK_FULL.sentence, retry_at=timezone.now() + ScanLimits.retry_pause)
    assert lease.next_queued(library.pk) == []
    assert scans.request_scan(library, trigger=ScanTrigger.API, deliver=False) == waiting
    assert lease.next_queued(library.pk) == [waiting.pk]


def test_a_time_that_a_wrong_clock_wrote_is_over(library: Library) -> None:
    waiting = request(library, error=DISK_FULL.sentence, retry_at=timezone.now() + 1000 * ScanLimits.retry_pause)
    assert lease.next_queued(library.pk) == [waiting.pk]


def test_no_room_for_temporary_files(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no device that is always full")

    def full(*_: Any, **__: Any) -> IO[bytes]:
        return open("/dev/full", "w+b", buffering=0)

    asked = request(library)
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "SpooledTemporaryFile", full)
        assert pipeline.run(asked.pk) is None
    asked.refresh_from_db()
    assert (asked.state, asked.error) == ("queued", DISK_FULL.sentence)
    done = pipeline.run(asked.pk)
    assert done is not None
    assert (done.state, done.added) == ("finished", SONGS)


def test_a_disk_that_is_still_full_is_found_before_everything_is_walked(library: Library, settings: Settings) -> None:
    asked = request(library, retry_at=timezone.now())
    settings.LEAST_DISK_BYTES = 2**62
    assert pipeline.run(asked.pk) is None
    asked.refresh_from_db()
    assert (asked.error, asked.folder_count) == (DISK_FULL.sentence, 0)
    settings.LEAST_DISK_BYTES = 0
    done = pipeline.run(asked.pk)
    assert done is not None
    assert (done.state, done.retry_at) == ("finished", None)


@pytest.fixture
def read_only(keep_connection: None) -> Iterator[Callable[[str], None]]:
    """A switch: `on`, and the database refuses whatever this connection wants to write."""
    word = "PRAGMA query_only={}" if connection.vendor == "sqlite" else "SET default_transaction_read_only={}"

    def switch(to: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(word.format(to))

    yield switch
    switch("off")


def test_a_database_that_cannot_be_written_to(library: Library, read_only: Callable[[str], None]) -> None:
    asked = request(library)
    with pytest.raises(DatabaseError):
        pipeline.run(asked.pk, on_progress=in_phase("reading", lambda: read_only("on")), patience=0)
    read_only("off")
    # this could not be written down: the lease runs out, and the reaper finds the scan
    assert lease.reap_stale(now=timezone.now() + 2 * ScanLimits.lease) == 1
    asked.refresh_from_db()
    assert (asked.state, asked.interruptions) == ("queued", 0)


def test_a_worker_waits_until_it_may_write(library: Library, read_only: Callable[[str], None]) -> None:
    asked = request(library)
    waits: list[int] = []

    def wait() -> None:
        waits.append(1)
        if len(waits) == 3:
            read_only("off")

    with waiting(wait):
        assert pipeline.run(asked.pk, on_progress=in_phase("moving", lambda: read_only("on")), patience=60) is None
    asked.refresh_from_db()
    assert (asked.state, asked.error, asked.interruptions) == ("queued", READ_ONLY.sentence, 1)


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL has no lock for the whole database")
def test_a_database_that_is_locked_for_long(library: Library) -> None:
    asked = request(library)
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)

    def lock() -> None:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout=10")
        other.execute("BEGIN IMMEDIATE")

    hand_back = lease.hand_back

    def release_and_hand_back(*values: Any, **options: Any) -> bool:
        other.execute("ROLLBACK")
        return hand_back(*values, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lease, "hand_back", release_and_hand_back)
        assert pipeline.run(asked.pk, on_progress=in_phase("reading", lock)) is None
    other.close()
    asked.refresh_from_db()
    assert (asked.state, asked.error) == ("queued", BUSY.sentence)


def test_the_command_says_why(library: Library, keep_connection: None) -> None:
    with full_database(MediaFile), pytest.raises(CommandError, match="The disk of the database is full"):
        call_command("scan", "Music", verbosity=0)
    call_command("scan", "Music", verbosity=0)
    assert Scan.objects.get().state == "finished"
    assert len(ids(library)) == SONGS


def test_an_outage_that_ends_with_the_process(library: Library, read_only: Callable[[str], None]) -> None:
    """Who is asked to stop does not wait for a database."""
    asked = request(library)
    with waiting(stopping.ask), pytest.raises(DatabaseError):
        # that the scan is queued again cannot be written either
        pipeline.run(asked.pk, on_progress=in_phase("reading", lambda: read_only("on")), patience=10**9)


def test_an_error_in_what_is_asked_is_a_failure_still(library: Library) -> None:
    def broken() -> None:
        if asked:
            return
        asked.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM nowhere")

    asked: list[int] = []
    done = pipeline.run(request(library).pk, on_progress=in_phase("reading", broken))
    assert done is not None
    assert done.state == "failed"
    assert "nowhere" in done.error
    assert scan(library).state == "finished"
    write_album(Path(library.path) / "more", 2)
    assert scan(library).added == 2
