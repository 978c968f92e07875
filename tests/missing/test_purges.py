"""Purge, undo and expiry beside what the endpoints show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from libraries import totals
from libraries.models import Album, Folder, HeldMark, Library, MediaFile, Participant, Scan, TrackGenre
from libraries.search.index import found_songs, index_everything, refresh_songs
from missing import purges
from missing.models import KEPT, MissingFile, Purge, PurgeReason
from missing.purge_preview import preview_purge
from navidrome_lib.audit.models import AuditEntry
from navidrome_lib.errors import Conflict
from tests.support.catalog import GONE, dump, make_many, make_track
from tests.support.clocks import DAY, HOUR, Machine, live
from tests.support.limits import limit_purges

pytestmark = pytest.mark.django_db


def test_a_file_that_came_back_meanwhile_stays(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    back, again, gone = (make_track(library, f"{n}.mp3") for n in range(3))
    hide = purges.hide_files

    def between(purge: Purge, absences: Any) -> list[str]:
        MediaFile.objects.filter(pk=back.pk).update(missing=False, missing_since=None)
        MediaFile.objects.filter(pk=again.pk).update(missing_since=GONE + timedelta(days=1))
        return hide(purge, absences)

    monkeypatch.setattr(purges, "hide_files", between)
    result = purges.purge_missing_files([back.pk, again.pk, gone.pk])
    assert result.ids == [gone.pk]
    assert result.purge is not None
    assert result.purge.file_count == 1
    assert [row.pk for row in result.purge.files] == [gone.pk]
    assert set(MediaFile.objects.in_catalog().values_list("pk", flat=True)) == {back.pk, again.pk}


def test_all_came_back(library: Library) -> None:
    here = make_track(library, "a.mp3", missing=False)
    result = purges.purge_missing_files([here.pk])
    assert (result.purge, result.ids) == (None, [])
    assert not Purge.objects.exists()


@contextmanager
def failing(module: Any, name: str, at: int) -> Iterator[None]:
    """The n-th call of a function fails, as its statement does when the disk of the database is full."""
    function, calls = getattr(module, name), []

    def fail(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == at:
            raise DatabaseError("the disk is full")
        return function(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, fail)
        with pytest.raises(DatabaseError):
            yield
    assert len(calls) == at


def test_a_failure_half_way_removes_nothing(library: Library, other_library: Library) -> None:
    """The disk of the database is full when the second library's total is written."""
    ids = [*make_many(library, 30), make_track(other_library, "b.mp3").pk]
    before = dump()
    with failing(totals, "add_missing", 2):
        purges.purge_missing_files(ids)
    assert dump() == before
    assert not Purge.objects.exists()
    library.refresh_from_db()
    assert library.total_missing_files == 30
    assert purges.purge_missing_files(ids).ids == sorted(ids)


def test_an_undo_that_is_interrupted_is_finished_by_the_next(library: Library, settings: Settings) -> None:
    """The disk of the database is full in the third transaction."""
    ids = make_many(library, 30)
    before = dump()
    limit_purges(settings, batch=10)
    purge = purges.purge_missing_files(ids).purge
    assert purge is not None
    with failing(purges, "find_occupied", 3):
        purges.undo_purge(purge)
    assert (MissingFile.objects.count(), MediaFile.objects.purged().count()) == (20, 10)
    purge.refresh_from_db()
    library.refresh_from_db()
    assert (purge.restored_count, library.total_missing_files) == (20, 20)
    back = set(MissingFile.objects.values_list("pk", flat=True))
    assert set(purges.undo_purge(purge).ids) == set(ids) - back
    assert dump() == before
    purge.refresh_from_db()
    library.refresh_from_db()
    assert (purge.restored_count, library.total_missing_files) == (30, 30)
    with pytest.raises(Conflict, match="already been undone"):
        purges.undo_purge(purge)


def test_an_expiry_that_is_interrupted_is_finished_by_the_next(library: Library, settings: Settings) -> None:
    """The disk of the database is full in the third transaction, then behind the last track."""
    ids = make_many(library, 30)
    limit_purges(settings, batch=10)
    assert purges.purge_missing_files(ids).purge
    Purge.objects.update(counted_from=-KEPT.total_seconds())
    Folder.objects.update(missing=True)
    for function, call, left in (("delete_batch", 3, 10), ("prune", 1, 0)):
        with failing(purges, function, call):
            purges.expire_purges()
        assert MediaFile.objects.purged().count() == left
        assert Purge.objects.exists()
    # all tracks went before; what they referred to goes with the next attempt
    assert Album.objects.exists()
    assert purges.expire_purges() == 1
    assert dump() == {name: [] for name in dump()}
    assert not Purge.objects.exists()


def test_what_is_over_can_be_undone_until_it_goes(library: Library, settings: Settings) -> None:
    """Its time is over, but an expiry waits for a scan, or ended before its end."""
    ids = make_many(library, 30)
    limit_purges(settings, batch=10)
    purge = purges.purge_missing_files(ids).purge
    assert purge is not None
    Purge.objects.update(counted_from=-KEPT.total_seconds())
    scan = Scan.objects.create(library=library, trigger="api", state="running")
    assert purges.expire_purges() == 0
    Scan.objects.filter(pk=scan.pk).update(state="finished")
    with failing(purges, "delete_batch", 2):
        purges.expire_purges()
    back = purges.undo_purge(purge).ids
    assert len(back) == 20
    # and what has been brought back stays when the purge goes
    assert purges.expire_purges() == 1
    assert set(MediaFile.objects.missing().values_list("pk", flat=True)) == set(back)


def test_what_hangs_on_a_track_hangs_on(library: Library) -> None:
    scan = Scan.objects.create(library=library, trigger="api", state="held")
    track = make_track(library, "a.mp3")
    mark = HeldMark.objects.create(scan=scan, media_file=track)
    people = set(track.participants.values_list("pk", flat=True))
    genres = set(track.track_genres.values_list("pk", flat=True))
    purge = purges.purge_missing_files([track.pk]).purge
    assert purge is not None
    assert people
    assert genres
    for _ in range(2):
        # the very rows: nothing is copied
        assert set(Participant.objects.values_list("pk", flat=True)) == people
        assert set(TrackGenre.objects.values_list("pk", flat=True)) == genres
        assert HeldMark.objects.get().pk == mark.pk
        if MediaFile.objects.purged().exists():
            purges.undo_purge(purge)
    assert MissingFile.objects.get().pk == track.pk


def test_a_purged_track_is_not_found(library: Library) -> None:
    track = make_track(library, "a.mp3", title="Nightingale")
    refresh_songs([track.pk])
    assert found_songs("nightin") == [track.pk]
    purge = purges.purge_missing_files([track.pk]).purge
    assert purge is not None
    assert found_songs("nightin") == []
    # what writes the words of all songs leaves it out, too
    index_everything()
    refresh_songs([track.pk])
    assert found_songs("nightin") == []
    purges.undo_purge(purge)
    assert found_songs("nightin") == [track.pk]


def test_only_missing_tracks_can_be_purged(library: Library) -> None:
    here = make_track(library, "a.mp3", missing=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        MediaFile.objects.filter(pk=here.pk).update(purge_id="x")


def test_nothing_expires_while_a_scan_may_have_looked_at_it(library: Library) -> None:
    track = make_track(library, "a.mp3")
    assert purges.purge_missing_files([track.pk]).purge
    Purge.objects.update(counted_from=-KEPT.total_seconds())
    scan = Scan.objects.create(library=library, trigger="api", state="running")
    # one that waits, perhaps for ever, has not looked at anything
    Scan.objects.create(library=library, trigger="api")
    assert purges.expire_purges() == 0
    assert MediaFile.objects.purged().get().pk == track.pk
    Scan.objects.filter(pk=scan.pk).update(state="finished")
    assert purges.expire_purges() == 1
    assert not MediaFile.objects.exists()


def test_a_preview_does_not_count_what_is_hidden_already(library: Library) -> None:
    first, second = make_track(library, "a/1.mp3"), make_track(library, "a/2.mp3")
    purges.purge_missing_files([first.pk])
    preview = preview_purge([second.pk])
    assert [row.pk for row in preview.albums] == [second.album_ref_id]
    assert [row.name for row in preview.artists] == ["Ada"]
    assert [row.path for row in preview.folders] == ["a"]


def test_a_second_purge_takes_what_returned_and_went_again(library: Library) -> None:
    track = make_track(library, "a.mp3")
    first = purges.purge_missing_files([track.pk]).purge
    with transaction.atomic():
        assert totals.unpurge([track.pk]) == [track.pk]
    second = purges.purge_missing_files([track.pk]).purge
    assert first is not None
    assert second is not None
    assert purges.purge_missing_files([track.pk]).ids == []
    with pytest.raises(Conflict, match="no files left to restore"):
        purges.undo_purge(first)
    assert purges.undo_purge(second).ids == [track.pk]


def test_totals_never_fall_below_zero(library: Library) -> None:
    track = make_track(library, "a.mp3")
    Library.objects.update(total_missing_files=0)
    purges.purge_missing_files([track.pk])
    library.refresh_from_db()
    assert library.total_missing_files == 0


@pytest.fixture
def machine() -> Machine:
    machine = Machine(wall=timezone.now())
    purges.expire_purges(machine.read())
    return machine


def test_expiry(library: Library, machine: Machine) -> None:
    old, new = make_track(library, "old.mp3"), make_track(library, "new.mp3")
    first = purges.purge_missing_files([old.pk], reason=PurgeReason.RETENTION).purge
    purges.expire_purges(machine.read())
    live(2 * HOUR)
    second = purges.purge_missing_files([new.pk]).purge
    assert first is not None
    assert second is not None
    assert timedelta(days=29) < second.expires_at - timezone.now() <= timedelta(days=30)
    live(30 * DAY - 2 * HOUR)
    assert purges.expire_purges(machine.read()) == 1
    assert purges.expire_purges(machine.read()) == 0
    assert Purge.objects.get().pk == second.pk
    assert MediaFile.objects.get().pk == new.pk
    assert Participant.objects.values_list("media_file", flat=True).distinct().get() == new.pk
    assert AuditEntry.objects.get(action="missing.expire").object_id == first.pk


def test_nothing_expires_by_the_date(library: Library, machine: Machine) -> None:
    track = make_track(library, "a.mp3")
    purge = purges.purge_missing_files([track.pk]).purge
    assert purge is not None
    purges.expire_purges(machine.run(HOUR / 4))
    for step in (machine.set_clock, machine.switch_off, machine.run):
        assert purges.expire_purges(step(400 * DAY)) == 0
    # it can still be undone, and says until when
    assert purges.undo_purge(purge).ids == [track.pk]
    purges.expire_purges(machine.run(HOUR))
    purges.expire_purges(machine.run(HOUR))
    purge.refresh_from_db()
    assert 29 * DAY < purge.expires_at - machine.wall < 30 * DAY


def test_nothing_expires_while_the_clock_jumps(library: Library, machine: Machine) -> None:
    assert purges.purge_missing_files([make_track(library, "a.mp3").pk]).purge
    purges.expire_purges(machine.run(HOUR))
    live(40 * DAY)
    machine.set_clock(-400 * DAY)
    assert purges.expire_purges(machine.run(HOUR)) == 0
    assert purges.expire_purges(machine.run(HOUR / 2)) == 0
    assert purges.expire_purges(machine.run(HOUR)) == 1


def test_both_are_in_the_audit_trail(library: Library) -> None:
    purge = purges.purge_missing_files([make_track(library, "a.mp3").pk]).purge
    assert purge is not None
    purges.undo_purge(purge)
    entries = AuditEntry.objects.filter(object_type="purge", object_id=purge.pk).order_by("pk")
    assert [(entry.action, entry.changes) for entry in entries] == [
        ("missing.purge", {"files": 1, "size": 1000, "reason": "request"}),
        ("missing.undo", {"restored": 1}),
    ]
