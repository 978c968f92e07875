"""Rate, time left and share of a scan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from libraries.models import Library, Scan
from libraries.progress import Progress, progress_of
from libraries.scanner import pipeline
from synth.library import make_library as make_files
from tests.support.limits import limit_scans
from tests.support.scans import redo, request

BEGIN = datetime(2026, 1, 31, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def row(**fields: Any) -> Scan:
    """A running scan that began at `BEGIN` and reads since second 2."""
    usual = {"state": "running", "phase": "reading", "started_at": BEGIN, "phase_started_at": at(2), "phase_seen": 100}
    return Scan(**{**usual, **fields})


@pytest.mark.parametrize(
    ("scan", "now", "expected"),
    [
        (Scan(), 0, Progress(rate=0.0, eta=None, progress=None)),
        (row(phase="walking", seen=500, heartbeat_at=at(2)), 2, Progress(rate=250.0, eta=None, progress=None)),
        # 100 unchanged files were passed in the walk: what is read since then counts
        (row(seen=200, files_total=1100, heartbeat_at=at(12)), 12, Progress(rate=10.0, eta=90.0, progress=0.1818)),
        (row(seen=200, files_total=1100, heartbeat_at=at(12)), 22, Progress(rate=10.0, eta=80.0, progress=0.1818)),
        (row(seen=200, files_total=1100, heartbeat_at=at(12)), 900, Progress(rate=10.0, eta=0.0, progress=0.1818)),
        (row(seen=100, files_total=1100, heartbeat_at=at(2)), 2, Progress(rate=0.0, eta=None, progress=0.0909)),
        (row(seen=50, files_total=50, heartbeat_at=at(2)), 2, Progress(rate=0.0, eta=0.0, progress=0.99)),
        (row(seen=0, files_total=0, heartbeat_at=at(2)), 2, Progress(rate=0.0, eta=0.0, progress=0.99)),
        (
            row(state="finished", seen=100, files_total=100, finished_at=at(10)),
            900,
            Progress(rate=10.0, eta=None, progress=1.0),
        ),
        (
            row(state="cancelled", seen=100, files_total=100, finished_at=at(10)),
            900,
            Progress(rate=10.0, eta=None, progress=0.99),
        ),
        (row(state="failed", seen=0, finished_at=at(10)), 900, Progress(rate=0.0, eta=None, progress=None)),
    ],
)
def test_the_figures_of_a_row(scan: Scan, now: float, expected: Progress) -> None:
    assert progress_of(scan, at(now)) == expected


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.django_db(transaction=True)
def test_figures_only_grow_within_an_attempt(tmp_path: Path, settings: Settings) -> None:
    limit_scans(settings, beat_seconds=0.0, batch_files=5)
    make_files(tmp_path / "music", tracks=30, seed=3, pictures=False)
    library = Library.objects.create(name="Music", path=str(tmp_path / "music"))
    shown: list[tuple[int, int, float]] = []

    def note(running: Scan) -> None:
        stored = Scan.objects.get(pk=running.pk)
        assert stored.heartbeat_at is not None
        shown.append((stored.seen, stored.folder_count, progress_of(stored, timezone.now()).progress or 0.0))
        if stored.attempts == 1 and stored.seen > 10:
            raise Killed

    scan_id = request(library).pk
    with pytest.raises(Killed):
        pipeline.run(scan_id, on_progress=note)
    done = redo(scan_id)
    assert shown == sorted(shown)
    assert shown[-1][0] > 10
    assert (done.state, done.attempts, done.seen) == ("finished", 2, 30)


@pytest.mark.django_db(transaction=True)
def test_a_whole_scan_grows_to_one(tmp_path: Path, settings: Settings) -> None:
    limit_scans(settings, beat_seconds=0.0, batch_files=5)
    make_files(tmp_path / "music", tracks=30, seed=3, pictures=False)
    library = Library.objects.create(name="Music", path=str(tmp_path / "music"))
    shown: list[float] = []

    def note(running: Scan) -> None:
        shown.append(progress_of(Scan.objects.get(pk=running.pk), timezone.now()).progress or 0.0)

    pipeline.run(request(library).pk, on_progress=note)
    assert shown == sorted(shown)
    assert shown[-1] == 1.0
    assert len({share for share in shown if 0 < share < 0.99}) >= 2
