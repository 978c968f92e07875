"""Purging by itself what has been missing for too long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from libraries.models import Library, MediaFile, Scan
from missing import retention, services, tasks
from missing.models import OfflinePeriod, Purge
from tests.missing.catalog import make_track

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)


def at(days: float) -> datetime:
    return START + days * DAY


@pytest.mark.parametrize(
    ("away", "expected"),
    [
        ([], 20),
        ([(22, 25)], 17),  # inside the span
        ([(1, 5)], 20),  # before it
        ([(31, 40)], 20),  # after it
        ([(28, 35)], 18),  # over its end
        ([(5, 25)], 0),  # over its beginning
        ([(22, 24), (26, 28)], 16),
        ([(22, 26), (24, 28)], 14),  # overlapping ones count once
        ([(22, 28), (24, 26)], 14),  # one inside another, too
        ([(20, 21)], 19),
    ],
)
def test_the_clock_stands_still_while_a_library_is_away(away: list[tuple[int, int]], expected: int) -> None:
    found = retention.online_since(at(30), 10 * DAY, [(at(start), at(stop)) for start, stop in away])
    assert found == at(expected)


@pytest.fixture
def kept(library: Library) -> Library:
    """A library that keeps missing files for ten days; its last complete scan was on day 30."""
    library.missing_retention_days, library.last_scan_at = 10, at(30)
    library.save()
    return library


def lost(library: Library, day: float, name: str = "") -> MediaFile:
    return make_track(library, f"{name or day}.mp3", missing_since=at(day))


def test_what_is_over_is_purged_and_can_be_undone(kept: Library) -> None:
    old, edge, young = lost(kept, 5), lost(kept, 20), lost(kept, 20.001)
    here = make_track(kept, "here.mp3", missing=False)
    (result,) = retention.apply_retention()
    assert set(result.ids) == {old.pk, edge.pk}
    purge = Purge.objects.get()
    assert (purge.reason, purge.created_by, purge.file_count) == ("retention", "", 2)
    assert set(MediaFile.objects.in_catalog().values_list("pk", flat=True)) == {young.pk, here.pk}
    assert retention.apply_retention() == []
    assert sorted(services.undo_purge(purge).ids) == sorted([old.pk, edge.pk])


def test_never_is_the_default(library: Library) -> None:
    Library.objects.update(last_scan_at=timezone.now())
    lost(library, -10_000)
    tasks.apply_retention()
    assert MediaFile.objects.exists()
    assert not Purge.objects.exists()


def test_only_a_complete_scan_makes_a_file_older(kept: Library) -> None:
    lost(kept, 25)
    for scanned in (None, at(30)):
        Library.objects.update(last_scan_at=scanned)
        assert retention.apply_retention(now=at(1000)) == []
    Library.objects.update(last_scan_at=at(36))
    assert len(retention.apply_retention(now=at(1000))) == 1


def test_nothing_goes_while_the_library_is_offline(kept: Library) -> None:
    lost(kept, 5)
    Library.objects.update(offline_since=at(31))
    assert retention.apply_retention(now=at(90)) == []
    Library.objects.update(offline_since=None)
    assert len(retention.apply_retention(now=at(91))) == 1


def test_the_time_offline_does_not_count(kept: Library) -> None:
    lost(kept, 1)
    Library.objects.update(last_scan_at=at(2), offline_since=at(3))
    for day in (4, 10, 60):
        assert retention.apply_retention(now=at(day)) == []
    Library.objects.update(last_scan_at=at(61), offline_since=None)
    assert retention.apply_retention(now=at(61)) == []  # two days before, none since
    assert list(OfflinePeriod.objects.values_list("started_at", "ended_at")) == [(at(3), at(61))]
    Library.objects.update(last_scan_at=at(68.9))
    assert retention.apply_retention(now=at(69)) == []
    Library.objects.update(last_scan_at=at(69.1))
    assert len(retention.apply_retention(now=at(70))) == 1


def test_a_second_time_away_is_another_one(kept: Library) -> None:
    Library.objects.update(offline_since=at(31))
    retention.observe_offline(now=at(32))
    retention.observe_offline(now=at(32))
    # it came back and went again between two looks
    Library.objects.update(offline_since=at(33))
    retention.observe_offline(now=at(34))
    assert list(OfflinePeriod.objects.order_by("pk").values_list("started_at", "ended_at")) == [
        (at(31), at(34)),
        (at(33), None),
    ]


@pytest.mark.parametrize("state", ["queued", "running", "held"])
def test_a_scan_that_is_not_settled_comes_first(kept: Library, state: str) -> None:
    lost(kept, 5)
    scan = Scan.objects.create(library=kept, trigger="api", state=state)
    assert retention.apply_retention() == []
    Scan.objects.filter(pk=scan.pk).update(state="finished")
    assert len(retention.apply_retention()) == 1


def test_libraries_have_clocks_of_their_own(kept: Library, other_library: Library, make_library: Any) -> None:
    gone = make_library("Gone", missing_retention_days=1, last_scan_at=at(30), deleted_at=at(31))
    for library in (kept, other_library, gone):
        lost(library, 5)
    (result,) = retention.apply_retention()
    assert result.purge is not None
    assert set(result.purge.files.values_list("library", flat=True)) == {kept.pk}
    assert MediaFile.objects.in_catalog().count() == 2
