"""One running scan per library, whoever dies and whenever."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from libraries.choices import ScanState
from libraries.models import Library, Scan
from libraries.scanner import lease, pipeline
from tests.support.scans import ids, request, scan, write_album

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    (tmp_path / "music").mkdir()
    return Library.objects.create(name="Music", path=str(tmp_path / "music"))


def test_only_one_of_two_claims_wins(library: Library) -> None:
    scan_id = request(library).pk
    got: list[Any] = []
    barrier = threading.Barrier(2)

    def work() -> None:
        barrier.wait()
        got.append(lease.claim(scan_id, "me"))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each is not None for each in got) == 1
    assert Scan.objects.get().attempts == 1


def test_a_second_scan_of_a_library_waits(library: Library) -> None:
    assert lease.claim(request(library).pk, "one") is not None
    second = request(library)
    assert pipeline.run(second.pk) is None
    second.refresh_from_db()
    assert second.state == "queued"
    assert lease.next_queued(library.pk) == []


def test_late_and_double_deliveries_change_nothing(library: Library) -> None:
    done = scan(library)
    assert pipeline.run(done.pk) is None
    assert pipeline.run(10**6) is None
    assert Scan.objects.get().attempts == 1


def test_a_worker_that_lost_its_lease_writes_nothing_more(library: Library) -> None:
    write_album(Path(library.path), 2)
    scan_id = request(library).pk

    def steal(running: Scan) -> None:
        if running.phase == "reading":
            Scan.objects.filter(pk=scan_id).update(fence=99)

    assert pipeline.run(scan_id, on_progress=steal) is None
    assert Scan.objects.get().state == "running"
    assert ids(library) == {}


@pytest.mark.parametrize("phase", ["walking", "reading", "moving", "totals"])
def test_cancel_in_any_phase(library: Library, phase: str) -> None:
    write_album(Path(library.path), 2)
    scan_id = request(library).pk

    def cancel(running: Scan) -> None:
        if running.phase == phase:
            Scan.objects.filter(pk=scan_id).update(cancel_requested=True)

    done = pipeline.run(scan_id, on_progress=cancel)
    assert done is not None
    assert done.state == "cancelled"
    assert done.finished_at is not None
    assert scan(library).state == "finished"
    assert library.total_songs == 2


def test_an_error_of_ours_ends_the_scan_with_a_sentence(library: Library) -> None:
    def broken(running: Scan) -> None:
        if (running.state, running.phase) == ("running", "walking"):
            raise ValueError("oh no")

    done = scan(library, on_progress=broken)
    assert (done.state, done.error) == ("failed", "The scan failed: ValueError: oh no")


def expire(scan_id: int) -> None:
    Scan.objects.filter(pk=scan_id).update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def test_a_dead_worker_is_replaced_three_times_at_most(library: Library) -> None:
    scan_id = request(library).pk
    for attempt in (1, 2, 3):
        claimed = lease.claim(scan_id, "mortal")
        assert claimed is not None
        assert lease.reap_stale() == 0
        expire(scan_id)
        assert lease.reap_stale() == 1
        state = Scan.objects.get().state
        assert state == (ScanState.QUEUED if attempt < 3 else ScanState.FAILED)


def test_a_dead_scan_is_merged_into_the_one_that_waits(library: Library) -> None:
    dead = request(library, full=True, targets=["a"])
    assert lease.claim(dead.pk, "mortal") is not None
    waiting = request(library, targets=["b"])
    expire(dead.pk)
    assert lease.reap_stale() == 1
    dead.refresh_from_db()
    waiting.refresh_from_db()
    assert dead.state == "failed"
    assert (waiting.state, waiting.full, waiting.targets) == ("queued", True, ["a", "b"])
