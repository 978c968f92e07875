"""Purging by itself what has been missing for too long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from libraries.models import Library, MediaFile, Scan
from missing import purges, retention, tasks
from missing.models import Absence, OnlineTime, Purge
from tests.support.catalog import make_track
from tests.support.clocks import DAY, HOUR, START, Machine

# what is counted are hours, by the plainest of queries; `missing.purges` has tests on each kind of database
pytestmark = [pytest.mark.django_db, pytest.mark.alike]

KEPT_HOURS = 48


class Server:
    """A server that looks after its libraries once an hour, and scans them completely right before it looks."""

    def __init__(self) -> None:
        self.machine = Machine()
        self.look()

    def look(self) -> set[str]:
        """What one run of the task purges."""
        return {pk for result in retention.apply_retention(self.machine.read()) for pk in result.ids}

    def run(self, hours: int, *, scanned: bool = True) -> set[str]:
        """What is purged in some hours."""
        purged: set[str] = set()
        for _ in range(hours):
            self.machine.run(HOUR)
            if scanned:
                Library.objects.filter(offline_since=None).update(last_scan_at=self.machine.wall)
            purged |= self.look()
        return purged

    def lose(self, library: Library, name: str) -> str:
        """A file goes missing now."""
        return str(make_track(library, name, missing_since=self.machine.wall).pk)


@pytest.fixture
def kept(library: Library) -> Library:
    """A library that keeps missing files for two days."""
    library.missing_retention_days = KEPT_HOURS // 24
    library.save()
    return library


@pytest.fixture
def server(kept: Library) -> Server:
    return Server()


def test_what_is_over_is_purged_and_can_be_undone(server: Server, kept: Library) -> None:
    server.run(2)
    old = server.lose(kept, "old.mp3")
    here = make_track(kept, "here.mp3", missing=False)
    server.run(5)
    young = server.lose(kept, "young.mp3")
    assert server.run(KEPT_HOURS - 5) == set()
    # a look behind the loss, another behind the scan that shows that it lasted: an hour or two more than two days
    assert server.run(2) == {old}
    purge = Purge.objects.get()
    assert (purge.reason, purge.created_by, purge.file_count) == ("retention", "", 1)
    assert set(MediaFile.objects.in_catalog().values_list("pk", flat=True)) == {young, here.pk}
    assert server.look() == set()
    assert purges.undo_purge(purge).ids == [old]
    # it counts anew: nobody brings a file back in order to lose it within the hour
    assert server.run(7) == {young}
    assert server.run(KEPT_HOURS) == {old}


def test_never_is_the_default(server: Server, library: Library) -> None:
    Library.objects.update(missing_retention_days=None, last_scan_at=timezone.now())
    server.lose(library, "a.mp3")
    assert server.run(KEPT_HOURS + 10) == set()
    # the time counts all the same for who asks for a retention later
    Library.objects.update(missing_retention_days=2)
    assert len(server.run(1)) == 1


def test_the_task_takes_a_look(kept: Library) -> None:
    make_track(kept, "a.mp3")
    tasks.apply_retention()
    assert (Absence.objects.count(), OnlineTime.objects.get().was_online) == (1, True)
    assert MediaFile.objects.exists()


@pytest.mark.parametrize("ahead", [365 * DAY, 3 * DAY])
def test_a_clock_that_jumps_ahead_makes_nothing_older(server: Server, kept: Library, ahead: timedelta) -> None:
    server.run(1)
    gone = server.lose(kept, "a.mp3")
    server.run(2)
    server.machine.set_clock(ahead)
    assert server.run(20) == set()
    # and what goes missing while the clock is ahead waits as long once it is right again
    ghost = server.lose(kept, "ghost.mp3")
    assert server.run(1) == set()
    server.machine.set_clock(-ahead)
    assert server.run(KEPT_HOURS - 22) == set()
    assert server.run(5) == {gone}
    assert server.run(24) == {ghost}


def test_a_clock_that_started_in_the_past_makes_nothing_older(server: Server, kept: Library) -> None:
    server.machine.set_clock(-1000 * DAY)
    server.run(3)
    server.lose(kept, "a.mp3")
    server.run(1)
    server.machine.set_clock(1000 * DAY)
    assert server.run(KEPT_HOURS - 2) == set()
    assert len(server.run(4)) == 1


def test_nothing_is_purged_while_the_clock_jumps(server: Server, kept: Library) -> None:
    server.run(1)
    gone = server.lose(kept, "a.mp3")
    assert server.run(KEPT_HOURS + 1) == set()
    server.machine.set_clock(400 * DAY)
    Library.objects.update(last_scan_at=server.machine.wall)
    server.machine.run(HOUR / 2)
    assert server.look() == set()
    server.machine.run(HOUR / 2)
    assert server.look() == set()
    assert server.run(1) == {gone}


def test_the_time_switched_off_does_not_count(server: Server, kept: Library) -> None:
    server.run(1)
    server.lose(kept, "a.mp3")
    server.run(2)
    server.machine.switch_off(300 * DAY)
    assert server.run(KEPT_HOURS - 4) == set()
    assert len(server.run(4)) == 1


def test_only_a_complete_scan_makes_a_file_older(server: Server, kept: Library) -> None:
    server.run(1)
    server.lose(kept, "a.mp3")
    assert server.run(10 * 24, scanned=False) == set()
    assert len(server.run(1)) == 1


def test_the_time_offline_does_not_count(server: Server, kept: Library) -> None:
    server.run(1)
    server.lose(kept, "a.mp3")
    server.run(24)
    Library.objects.update(offline_since=server.machine.wall)
    assert server.run(100) == set()
    Library.objects.update(offline_since=None)
    assert server.run(23) == set()
    assert len(server.run(4)) == 1


def test_a_file_that_came_back_and_went_again_counts_anew(server: Server, kept: Library) -> None:
    server.run(1)
    gone = server.lose(kept, "a.mp3")
    server.run(30)
    # between two looks
    MediaFile.objects.filter(pk=gone).update(missing_since=server.machine.wall)
    assert server.run(KEPT_HOURS - 1) == set()
    assert Absence.objects.count() == 1
    assert server.run(3) == {gone}
    server.run(1)
    assert not Absence.objects.exists()


def test_a_look_that_did_not_happen_makes_nothing_older(server: Server, kept: Library) -> None:
    server.run(1)
    server.lose(kept, "a.mp3")
    server.run(1)
    server.machine.run(20 * DAY)  # the workers were busy
    Library.objects.update(last_scan_at=server.machine.wall)
    assert server.look() == set()
    assert OnlineTime.objects.get().seconds == timedelta(hours=3).total_seconds()


@pytest.mark.parametrize("state", ["queued", "running", "held"])
def test_a_scan_that_is_not_settled_comes_first(server: Server, kept: Library, state: str) -> None:
    server.run(1)
    server.lose(kept, "a.mp3")
    scan = Scan.objects.create(library=kept, trigger="api", state=state)
    assert server.run(KEPT_HOURS + 10) == set()
    Scan.objects.filter(pk=scan.pk).update(state="finished")
    assert len(server.run(1)) == 1


def test_libraries_have_times_of_their_own(
    server: Server, kept: Library, other_library: Library, make_library: Any
) -> None:
    gone = make_library("Gone", missing_retention_days=1, deleted_at=START)
    server.run(1)
    tracks = [server.lose(library, "a.mp3") for library in (kept, other_library, gone)]
    assert server.run(KEPT_HOURS + 2) == {tracks[0]}
    assert MediaFile.objects.in_catalog().count() == 2
