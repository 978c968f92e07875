"""Purges of earlier versions, which kept removed files as JSON: their files are hidden rows afterwards."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from libraries import cleanup
from libraries.models import Album, Artist, Folder, Genre, HeldMark, Library, MediaFile, Scan
from missing import purges, retention
from missing.export import export_lines
from missing.models import Absence, Purge
from tests.support.catalog import LONG_AGO, dump, make_track

pytestmark = pytest.mark.django_db(transaction=True)

OLD = [("missing", "0001_initial")]
NEW = [("missing", "0004_lived_time")]


class Steps(MigrationLoader):
    """Every migration by itself, without those that take several in one step: only a new database takes these."""

    def load_disk(self) -> None:
        super().load_disk()
        self.disk_migrations = {key: found for key, found in self.disk_migrations.items() if not found.replaces}


def step_by_step() -> MigrationExecutor:
    executor = MigrationExecutor(connection)
    executor.loader = Steps(connection)
    return executor


def migrate(target: list[tuple[str, str]]) -> Any:
    """Go to these migrations; returns the models as they are there."""
    executor = step_by_step()
    executor.migrate(target)
    executor.loader.build_graph()
    return executor.loader.project_state(target).apps


@pytest.fixture
def old() -> Iterator[Any]:
    """The models of the version that kept purged files as JSON."""
    yield migrate(OLD)
    executor = step_by_step()
    executor.migrate(executor.loader.graph.leaf_nodes())


def as_record(track: MediaFile) -> dict[str, Any]:
    """What that version wrote down of a track: the rows with all columns, those that JSON has no form for as texts."""

    def row(found: Any) -> dict[str, Any]:
        values = {field.attname: getattr(found, field.attname) for field in found._meta.concrete_fields}
        values.pop("purge_id", None)
        return {name: plain(value) for name, value in values.items()}

    album = track.album_ref
    return {
        "track": row(track),
        "folder": row(track.folder),
        "album": album and {**row(album), "artist": album.artist and row(album.artist)},
        "participants": [{**row(part), "artist": row(part.artist)} for part in track.participants.all()],
        "genres": [{**row(part), "genre": row(part.genre)} for part in track.track_genres.all()],
        "attached": {"libraries.heldmark": [row(mark) for mark in track.held_marks.all()], "gone.model": [{"id": 1}]},
    }


def plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    return value.isoformat() if hasattr(value, "isoformat") else value


def purge_as_before(old: Any, *tracks: MediaFile, **fields: Any) -> str:
    """A purge as the earlier version left it: the records are there, the rows and all that hung on them are gone."""
    purge = old.get_model("missing", "Purge").objects.create(
        created_by="ann", file_count=len(tracks), size=1, **{"done_at": timezone.now(), **fields}
    )
    for track in tracks:
        old.get_model("missing", "PurgedFile").objects.create(
            purge=purge, library_id=track.library_id, media_file_id=track.pk, path=track.path, data=as_record(track)
        )
        if purge.done_at:
            with transaction.atomic():
                cleanup.delete_tracks([track.pk])
            Library.objects.filter(pk=track.library_id).update(total_missing_files=0)
    return str(purge.pk)


def test_an_undo_brings_everything_back(old: Any, library: Library) -> None:
    scan = Scan.objects.create(library=library, trigger="api", state="held")
    one = make_track(library, "Ada/First/\udcff 1.mp3", audio_hash="f" * 64, bpm=120, comment="“ü” 🎵")
    two = make_track(library, "Bob/2.mp3", artist="Bob", album="Second", genre="Jazz")
    HeldMark.objects.create(scan=scan, media_file=two)
    Folder.objects.update(missing=True)
    before = dump()
    purge_id = purge_as_before(old, one, two)
    for model in (Album, Folder, Artist, Genre):
        model.objects.all().delete()
    migrate(NEW)
    purge = Purge.objects.get()
    assert (purge.pk, purge.created_by, purge.file_count) == (purge_id, "ann", 2)
    assert not MediaFile.objects.in_catalog().exists()
    assert {row.pk for row in purge.files} == {one.pk, two.pk}
    assert Library.objects.get().total_missing_files == 0
    assert len(list(export_lines(purge))) == 2
    purges.undo_purge(purge)
    assert dump(without=("digest",)) == {
        name: [{key: value for key, value in row.items() if key != "digest"} for row in rows]
        for name, rows in before.items()
    }
    assert HeldMark.objects.get().media_file_id == two.pk
    assert Library.objects.get().total_missing_files == 2


def test_rows_that_exist_again_under_other_ids_are_used(old: Any, library: Library) -> None:
    gone = make_track(library, "Ada/First/1.mp3")
    purge_as_before(old, gone)
    for model in (Album, Folder, Artist, Genre):
        model.objects.all().delete()
    new = make_track(library, "Ada/First/1.mp3", missing=False)
    assert (new.folder_id, new.album_ref_id) != (gone.folder_id, gone.album_ref_id)
    migrate(NEW)
    row = MediaFile.objects.purged().get()
    assert (row.pk, row.folder_id, row.album_ref_id) == (gone.pk, new.folder_id, new.album_ref_id)
    assert Artist.objects.count() == Album.objects.count() == Genre.objects.count() == Folder.objects.count() == 1
    assert [place.song_id for place in purges.undo_purge(Purge.objects.get()).occupied] == [new.pk]


def test_an_id_that_is_taken_is_given_to_no_second_row(old: Any, library: Library) -> None:
    gone = make_track(library, "1.mp3")
    purge_as_before(old, gone)
    # another album has its id, and another track
    Album.objects.filter(pk=gone.album_ref_id).update(pid="other")
    other = make_track(library, "2.mp3", album="Else", id=gone.pk, missing=False)
    third = make_track(library, "3.mp3")
    purge_as_before(old, third)
    migrate(NEW)
    assert MediaFile.objects.purged().get().pk == third.pk
    assert MediaFile.objects.get(pk=gone.pk).path == other.path
    assert Album.objects.filter(pid="other").get().pk == gone.album_ref_id


def test_what_was_never_purged_and_what_has_no_library_is_left(
    old: Any, library: Library, other_library: Library
) -> None:
    """A purge that died while it prepared its records had removed nothing."""
    prepared, removed = make_track(library, "1.mp3"), make_track(other_library, "2.mp3")
    purge_as_before(old, prepared, done_at=None)
    done = purge_as_before(old, removed)
    Library.objects.filter(pk=other_library.pk).update(deleted_at=LONG_AGO)
    migrate(NEW)
    assert Purge.objects.get().pk == done
    assert MediaFile.objects.get().pk == prepared.pk
    assert not MediaFile.objects.get().purge_id


def test_a_column_of_another_version_is_left_out(old: Any, library: Library) -> None:
    track = make_track(library, "a.mp3", bpm=99)
    purge_as_before(old, track)
    row = old.get_model("missing", "PurgedFile").objects.get()
    row.data["track"]["dropped_column"] = "x"
    del row.data["track"]["bpm"]
    row.save()
    migrate(NEW)
    assert MediaFile.objects.purged().get().bpm is None


def test_what_is_there_counts_from_the_first_look_on(old: Any, library: Library) -> None:
    """The dates that earlier versions went by let nothing expire."""
    purged, lost = make_track(library, "1.mp3"), make_track(library, "2.mp3")
    purge_as_before(old, purged, expires_at=LONG_AGO)
    old.get_model("missing", "OfflinePeriod").objects.create(library_id=library.pk, started_at=LONG_AGO)
    Library.objects.update(missing_retention_days=1, total_missing_files=1, last_scan_at=timezone.now())
    for _ in range(2):
        migrate(NEW)
        assert purges.expire_purges() == 0
        assert retention.apply_retention() == []
        purge, absence = Purge.objects.get(), Absence.objects.get()
        assert purge.counted_from is not None
        assert purge.expires_at > timezone.now() + timedelta(days=29)
        assert (absence.library_id, absence.missing_since) == (library.pk, lost.missing_since)
        # the way back, with rows, and there again
        migrate([("missing", "0003_drop_purged_files")])
    migrate(NEW)
    assert purges.undo_purge(Purge.objects.get()).ids == [purged.pk]
