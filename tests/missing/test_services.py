"""Purge, undo and expiry beside what the endpoints show."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from libraries import maintenance
from libraries.models import HeldMark, Library, MediaFile, Scan
from missing import services, tasks
from missing.models import MissingFile, Purge, PurgedFile, PurgeReason
from missing.restore import restore_files
from navidrome_lib.audit.models import AuditEntry
from navidrome_lib.errors import Conflict
from tests.missing.catalog import GONE, dump, make_many, make_track

pytestmark = pytest.mark.django_db


def test_a_file_that_came_back_meanwhile_stays(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    back, again, gone = (make_track(library, f"{n}.mp3") for n in range(3))
    remove = services.remove_recorded

    def between(purge: Purge) -> list[str]:
        MediaFile.objects.filter(pk=back.pk).update(missing=False, missing_since=None)
        MediaFile.objects.filter(pk=again.pk).update(missing_since=GONE + timedelta(days=1))
        return remove(purge)

    monkeypatch.setattr(services, "remove_recorded", between)
    result = services.purge_missing_files([back.pk, again.pk, gone.pk])
    assert result.ids == [gone.pk]
    assert result.purge is not None
    assert result.purge.file_count == 1
    assert [row.media_file_id for row in PurgedFile.objects.all()] == [gone.pk]
    assert set(MediaFile.objects.values_list("pk", flat=True)) == {back.pk, again.pk}


def test_all_came_back(library: Library) -> None:
    here = make_track(library, "a.mp3", missing=False)
    result = services.purge_missing_files([here.pk])
    assert (result.purge, result.ids) == (None, [])
    assert not Purge.objects.exists()


def test_a_failure_half_way_removes_nothing(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = make_many(library, 30)
    monkeypatch.setattr(services, "BATCH", 10)
    delete, calls = maintenance.delete_tracks, []

    def fail(batch: Any) -> None:
        calls.append(batch)
        if len(calls) == 3:
            raise DatabaseError("the disk is full")
        delete(batch)

    before = dump()
    with monkeypatch.context() as patch:
        patch.setattr(maintenance, "delete_tracks", fail)
        with pytest.raises(DatabaseError):
            services.purge_missing_files(ids)
    assert dump() == before
    assert not Purge.objects.exists()
    assert not PurgedFile.objects.exists()
    assert services.purge_missing_files(ids).ids == sorted(ids)


def test_an_undo_that_is_interrupted_is_finished_by_the_next(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = make_many(library, 30)
    monkeypatch.setattr(services, "BATCH", 10)
    purge = services.purge_missing_files(ids).purge
    assert purge is not None
    calls: list[Any] = []

    def fail(page: Any) -> Any:
        calls.append(page)
        if len(calls) == 3:
            raise DatabaseError("the disk is full")
        return restore_files(page)

    with monkeypatch.context() as patch:
        patch.setattr(services, "restore_files", fail)
        with pytest.raises(DatabaseError):
            services.undo_purge(purge)
    assert (MediaFile.objects.count(), PurgedFile.objects.count()) == (20, 10)
    purge.refresh_from_db()
    library.refresh_from_db()
    assert (purge.restored_count, library.total_missing_files) == (20, 20)
    back = set(MediaFile.objects.values_list("pk", flat=True))
    assert set(services.undo_purge(purge).ids) == set(ids) - back
    assert (MediaFile.objects.count(), PurgedFile.objects.count()) == (30, 0)
    purge.refresh_from_db()
    library.refresh_from_db()
    assert (purge.restored_count, library.total_missing_files) == (30, 30)
    with pytest.raises(Conflict):
        services.undo_purge(purge)


def test_what_hangs_on_a_track_returns_with_it(library: Library) -> None:
    kept, lost = Scan.objects.create(library=library, trigger="api", state="held"), Scan(library=library, trigger="api")
    lost.state = "finished"
    lost.save()
    track = make_track(library, "a.mp3")
    HeldMark.objects.create(scan=kept, media_file=track)
    HeldMark.objects.create(scan=lost, media_file=track)
    purge = services.purge_missing_files([track.pk]).purge
    assert purge is not None
    assert not HeldMark.objects.exists()
    lost.delete()
    services.undo_purge(purge)
    assert list(HeldMark.objects.values_list("scan", "media_file")) == [(kept.pk, track.pk)]


def test_a_record_of_another_version_is_understood(library: Library) -> None:
    track = make_track(library, "a.mp3", bpm=99)
    purge = services.purge_missing_files([track.pk]).purge
    assert purge is not None
    row = PurgedFile.objects.get()
    row.data["track"]["dropped_column"] = "x"
    del row.data["track"]["bpm"]
    row.save()
    services.undo_purge(purge)
    assert MissingFile.objects.get(pk=track.pk).bpm is None


def test_a_running_scan_keeps_its_rows(library: Library) -> None:
    Scan.objects.create(library=library, trigger="api", state="running")
    track = make_track(library, "a.mp3")
    services.purge_missing_files([track.pk])
    assert {name: len(rows) for name, rows in dump().items()} == {
        "Folder": 1, "Album": 1, "Artist": 1, "Genre": 1, "MediaFile": 0, "Participant": 0, "TrackGenre": 0,
    }  # fmt: skip


def test_totals_never_fall_below_zero(library: Library) -> None:
    track = make_track(library, "a.mp3")
    Library.objects.update(total_missing_files=0)
    services.purge_missing_files([track.pk])
    library.refresh_from_db()
    assert library.total_missing_files == 0


def test_expiry(library: Library) -> None:
    old, new = make_track(library, "old.mp3"), make_track(library, "new.mp3")
    first = services.purge_missing_files([old.pk], reason=PurgeReason.RETENTION).purge
    second = services.purge_missing_files([new.pk]).purge
    assert first is not None
    assert second is not None
    assert timedelta(days=29) < second.expires_at - timezone.now() <= timedelta(days=30)
    Purge.objects.filter(pk=first.pk).update(expires_at=timezone.now())
    abandoned = Purge.objects.create()
    Purge.objects.filter(pk=abandoned.pk).update(created_at=timezone.now() - timedelta(hours=2))
    preparing = Purge.objects.create()
    assert tasks.expire_purges() == 2
    assert tasks.expire_purges() == 0
    assert set(Purge.objects.values_list("pk", flat=True)) == {second.pk, preparing.pk}
    assert [row.media_file_id for row in PurgedFile.objects.all()] == [new.pk]


def test_both_are_in_the_audit_trail(library: Library) -> None:
    purge = services.purge_missing_files([make_track(library, "a.mp3").pk]).purge
    assert purge is not None
    services.undo_purge(purge)
    entries = AuditEntry.objects.filter(object_type="purge", object_id=purge.pk).order_by("pk")
    assert [(entry.action, entry.changes) for entry in entries] == [
        ("missing.purge", {"files": 1, "size": 1000, "reason": "request"}),
        ("missing.undo", {"restored": 1}),
    ]
