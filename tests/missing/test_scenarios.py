"""Real files, real scans: what is emptied leaves the lists, and returns with its ids."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from libraries.models import Album, Artist, Folder, Genre, Library, MediaFile, Scan
from libraries.search.index import found_songs
from missing.models import KEPT, MissingFile, Purge
from missing.purges import expire_purges, purge_missing_files
from tests.support.catalog import LONG_AGO
from tests.support.scans import counts, scan, write_album, write_track
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


@pytest.fixture
def music(library: Library) -> Path:
    """Two albums by Ann, and one by Bob that will go."""
    root = Path(library.path)
    write_album(root / "Ann" / "First")
    write_album(root / "Bob", count=2, artists=("Bob",), album_artists=("Bob",), album="Only", genres=("Polka",))
    scan(library)
    # as if all this had happened long ago: young artists and genres are never pruned
    Artist.objects.update(created_at=LONG_AGO)
    for genre in Genre.objects.all():
        old = Genre.objects.create(id="0" * 11 + genre.pk[:11], pid="x" + genre.pid[1:], name=genre.name)
        genre.track_genres.update(genre=old)
        genre.delete()
        Genre.objects.filter(pk=old.pk).update(pid=genre.pid)
    return root


def shown(user: User) -> dict[str, dict[str, str]]:
    """The albums and artists that lists show, and the songs, by name."""
    return {
        "albums": dict(Album.objects.visible_to(user.as_viewer()).present().values_list("name", "id")),
        "artists": dict(Artist.objects.visible_to(user.as_viewer()).values_list("name", "id")),
        "songs": dict(MediaFile.objects.visible_to(user.as_viewer()).present().values_list("path", "id")),
    }


def of_bob(everything: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """What is shown without anything of Bob."""
    return {
        kind: {name: pk for name, pk in rows.items() if not name.startswith("Bob") and name != "Only"}
        for kind, rows in everything.items()
    }


def figures(client: APIClient, library: Library) -> dict[str, Any]:
    """The counts of a library on the wire."""
    row = client.get(f"/api/library/{library.pk}").json()
    numbers = (name for name in row if name.startswith("total") or name in ("songCount", "duration", "size"))
    return {name: pytest.approx(row[name]) for name in numbers}


def test_missing_and_back(library: Library, music: Path, admin: User) -> None:
    before = shown(admin)
    away = music.parent / "away"
    shutil.move(music / "Bob", away)
    scan(library)
    assert shown(admin) == of_bob(before) != before
    assert Library.objects.get().total_missing_files == 2
    shutil.move(away, music / "Bob")
    scan(library)
    assert shown(admin) == before
    assert Library.objects.get().total_missing_files == 0


def test_purged_undone_and_back(as_admin: APIClient, library: Library, music: Path, admin: User) -> None:
    before = shown(admin)
    created = dict(MediaFile.objects.values_list("pk", "created_at"))
    away = music.parent / "away"
    shutil.move(music / "Bob", away)
    scan(library)
    answer = as_admin.delete("/api/missing").json()
    assert answer["removed"] == 2
    assert shown(admin) == of_bob(before)
    assert figures(as_admin, library)["totalMissingFiles"] == 0
    assert as_admin.post(f"/api/missing/purge/{answer['purgeId']}/undo").json()["restored"] == 2
    assert shown(admin) == of_bob(before)
    shutil.move(away, music / "Bob")
    done = scan(library)
    assert done.restored == 2
    assert shown(admin) == before
    assert dict(MediaFile.objects.values_list("pk", "created_at")) == created
    row = as_admin.get(f"/api/library/{library.pk}").json()
    assert (row["songCount"], row["totalAlbums"], row["totalArtists"], row["totalMissingFiles"]) == (5, 2, 2, 0)


def test_purged_and_expired(as_admin: APIClient, library: Library, music: Path, admin: User) -> None:
    before = shown(admin)
    shutil.rmtree(music / "Bob")
    scan(library)
    purge_id = as_admin.delete("/api/missing").json()["purgeId"]
    scan(library, full=True)
    # everything that an undo would need is there for 30 days
    for model, name in ((Album, "Only"), (Artist, "Bob"), (Genre, "Polka")):
        assert model.objects.filter(name=name).exists()
    assert Folder.objects.filter(path="Bob").exists()
    Purge.objects.filter(pk=purge_id).update(counted_from=-KEPT.total_seconds())
    assert expire_purges() == 1
    for model, name in ((Album, "Only"), (Artist, "Bob"), (Genre, "Polka")):
        assert not model.objects.filter(name=name).exists()
    assert not Folder.objects.filter(path="Bob").exists()
    assert MediaFile.objects.count() == 3
    assert shown(admin) == of_bob(before)


def test_a_purged_file_that_returns_gets_its_row_back(
    as_admin: APIClient, library: Library, music: Path, admin: User
) -> None:
    before, counts_before = shown(admin), figures(as_admin, library)
    created = dict(MediaFile.objects.values_list("pk", "created_at"))
    away = music.parent / "away"
    shutil.move(music / "Bob", away)
    scan(library)
    purge_id = as_admin.delete("/api/missing").json()["purgeId"]
    assert found_songs("Bob") == []
    shutil.move(away, music / "Bob")
    done = scan(library)
    assert counts(done) == {"restored": 2, "skipped": 3}
    assert shown(admin) == before
    assert figures(as_admin, library) == counts_before
    assert dict(MediaFile.objects.values_list("pk", "created_at")) == created
    assert len(found_songs("Bob")) == 2
    purge = as_admin.get(f"/api/missing/purge/{purge_id}").json()
    assert (purge["fileCount"], purge["restoredCount"], purge["restorable"]) == (2, 0, 0)
    assert as_admin.post(f"/api/missing/purge/{purge_id}/undo").status_code == 409
    # nor does its end take anything away
    Purge.objects.update(counted_from=-KEPT.total_seconds())
    assert expire_purges() == 1
    assert shown(admin) == before


def test_a_purged_file_that_returns_with_other_tags_gets_its_row_back(
    as_admin: APIClient, library: Library, music: Path
) -> None:
    old = MediaFile.objects.get(path="Bob/01.flac")
    (music / "Bob" / "01.flac").unlink()
    scan(library)
    as_admin.delete("/api/missing")
    # the same title, artist and album: the same song
    tags: dict[str, Any] = {"artists": ("Bob",), "album_artists": ("Bob",), "album": "Only"}
    write_track(music / "Bob" / "01.flac", "Song 1", number=1, comment="again", genres=("Ska",), **tags)
    assert counts(scan(library)) == {"restored": 1, "skipped": 4}
    new = MediaFile.objects.get(path="Bob/01.flac")
    assert (new.pk, new.created_at) == (old.pk, old.created_at)
    assert (new.genre, new.missing, new.purge_id) == ("Ska", False, None)
    assert new.pk in found_songs("Bob only")
    assert Library.objects.get().total_missing_files == 0


def test_another_file_at_the_place_of_a_purged_one(as_admin: APIClient, library: Library, music: Path) -> None:
    old = MediaFile.objects.get(path="Bob/01.flac")
    (music / "Bob" / "01.flac").unlink()
    scan(library)
    purge_id = as_admin.delete("/api/missing").json()["purgeId"]
    write_track(music / "Bob" / "01.flac", "Else", number=7, artists=("Eve",), album="Else")
    assert counts(scan(library)) == {"added": 1, "skipped": 4}
    new = MediaFile.objects.get(path="Bob/01.flac", missing=False)
    assert new.pk != old.pk
    answer = as_admin.post(f"/api/missing/purge/{purge_id}/undo").json()
    assert answer["occupied"] == [{"id": old.pk, "path": "Bob/01.flac", "songId": new.pk}]
    assert as_admin.post(f"/api/missing/{old.pk}/relink", {"songId": new.pk}).status_code == 200
    assert MediaFile.objects.get(path="Bob/01.flac").pk == old.pk


def test_the_row_of_the_latest_purge_returns(as_admin: APIClient, library: Library, music: Path) -> None:
    """Three songs have been at one place; each was lost and purged, or only lost."""
    path, found = music / "Bob" / "01.flac", []
    for title in ("First", "Second"):
        path.unlink()
        scan(library)
        as_admin.delete("/api/missing")
        write_track(path, title, number=7, artists=("Eve",), album="Else")
        scan(library)
        found.append(MediaFile.objects.get(path="Bob/01.flac", missing=False).pk)
    aside = path.rename(music.parent / "aside.flac")
    scan(library)
    as_admin.delete("/api/missing")
    assert MediaFile.objects.purged().filter(path="Bob/01.flac").count() == 3
    aside.rename(path)
    assert counts(scan(library)) == {"restored": 1, "skipped": 4}
    assert MediaFile.objects.get(path="Bob/01.flac", missing=False).pk == found[-1]


@pytest.mark.parametrize("returns_to", ["Bob", "Bobby"])
def test_a_purge_at_the_moment_of_the_return(library: Library, music: Path, admin: User, returns_to: str) -> None:
    """The scan has read the rows as missing ones, and finds them hidden when it writes."""
    before = MediaFile.objects.get(path="Bob/01.flac")
    away = music.parent / "away"
    shutil.move(music / "Bob", away)
    scan(library)
    shutil.move(away, music / returns_to)
    purged: list[str] = []
    phase = "reading" if returns_to == "Bob" else "moving"

    def purge_first(running: Scan) -> None:
        # a test is one transaction itself: those of the scan are savepoints in it
        if running.phase == phase and connection.savepoint_ids:
            purged.extend(purge_missing_files(list(MissingFile.objects.values_list("pk", flat=True))).ids)

    done = scan(library, on_progress=purge_first)
    assert before.pk in purged
    assert len(purged) == 2
    assert (done.state, done.restored + done.moved) == ("finished", 2)
    row = MediaFile.objects.get(path=f"{returns_to}/01.flac")
    assert (row.pk, row.created_at, row.missing, row.purge_id) == (before.pk, before.created_at, False, None)
    assert Library.objects.get().total_missing_files == 0
    assert before.pk in found_songs("Bob")


def test_a_purged_file_is_not_taken_for_the_origin_of_a_move(
    as_admin: APIClient, library: Library, music: Path
) -> None:
    old = MediaFile.objects.get(path="Bob/01.flac")
    aside = (music / "Bob" / "01.flac").rename(music.parent / "aside.flac")
    scan(library)
    as_admin.delete("/api/missing")
    aside.rename(music / "elsewhere.flac")
    assert counts(scan(library)) == {"added": 1, "skipped": 4}
    assert MediaFile.objects.get(path="elsewhere.flac").pk != old.pk


def test_relinked_by_hand(as_admin: APIClient, library: Library, music: Path) -> None:
    old = MediaFile.objects.get(path="Ann/First/01.flac")
    (music / "Ann" / "First" / "01.flac").unlink()
    write_track(music / "Ann" / "Live.flac", "Another title", number=9, album="Live")
    scan(library)
    assert MediaFile.objects.get(pk=old.pk).missing
    new = MediaFile.objects.get(path="Ann/Live.flac")
    assert as_admin.post(f"/api/missing/{old.pk}/relink", {"songId": new.pk}).status_code == 200
    before = figures(as_admin, library)
    assert (before["songCount"], before["totalMissingFiles"], before["totalAlbums"]) == (5, 0, 3)
    done = scan(library, full=True)
    assert (done.added, done.missing, done.moved) == (0, 0, 0)
    assert MediaFile.objects.get(path="Ann/Live.flac").pk == old.pk
    assert figures(as_admin, library) == before


def test_nothing_on_the_disk_is_touched(as_admin: APIClient, library: Library, music: Path) -> None:
    (music / "Bob" / "01.flac").unlink()
    scan(library)
    before = {path: path.stat().st_mtime_ns for path in sorted(music.rglob("*"))}
    purge_id = as_admin.delete("/api/missing").json()["purgeId"]
    as_admin.post(f"/api/missing/purge/{purge_id}/undo")
    assert {path: path.stat().st_mtime_ns for path in sorted(music.rglob("*"))} == before
