"""Real files, real scans: what is emptied leaves the lists, and returns with its ids."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from libraries.models import Album, Artist, Folder, Genre, Library, MediaFile
from tests.missing.catalog import LONG_AGO
from tests.scanner.scans import scan, write_album, write_track
from users.models import User

pytestmark = pytest.mark.django_db


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
        "albums": dict(Album.objects.visible_to(user).present().values_list("name", "id")),
        "artists": dict(Artist.objects.visible_to(user).values_list("name", "id")),
        "songs": dict(MediaFile.objects.visible_to(user).present().values_list("path", "id")),
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
    # not only hidden: the rows are gone
    for model, name in ((Album, "Only"), (Artist, "Bob"), (Genre, "Polka")):
        assert not model.objects.filter(name=name).exists()
    assert not Folder.objects.filter(path="Bob").exists()
    assert shown(admin) == of_bob(before)
    assert as_admin.post(f"/api/missing/purge/{answer['purgeId']}/undo").json()["restored"] == 2
    assert shown(admin) == of_bob(before)
    shutil.move(away, music / "Bob")
    done = scan(library)
    assert done.restored == 2
    assert shown(admin) == before
    assert dict(MediaFile.objects.values_list("pk", "created_at")) == created
    row = as_admin.get(f"/api/library/{library.pk}").json()
    assert (row["songCount"], row["totalAlbums"], row["totalArtists"], row["totalMissingFiles"]) == (5, 2, 2, 0)


def test_a_file_that_returns_before_the_undo(as_admin: APIClient, library: Library, music: Path) -> None:
    old = MediaFile.objects.get(path="Bob/01.flac")
    away = music.parent / "away"
    shutil.move(music / "Bob", away)
    scan(library)
    purge_id = as_admin.delete("/api/missing").json()["purgeId"]
    shutil.move(away, music / "Bob")
    scan(library)
    new = MediaFile.objects.get(path="Bob/01.flac")
    assert new.pk != old.pk
    answer = as_admin.post(f"/api/missing/purge/{purge_id}/undo").json()
    assert answer["restored"] == 2
    assert {row["path"] for row in answer["occupied"]} == {"Bob/01.flac", "Bob/02.flac"}
    (best, *_) = as_admin.get(f"/api/missing/{old.pk}/candidates").json()
    assert best["songId"] == new.pk
    assert {"place", "tags", "title"} <= set(best["reasons"])
    assert as_admin.post(f"/api/missing/{old.pk}/relink", {"songId": new.pk}).status_code == 200
    scan(library, full=True)
    assert MediaFile.objects.get(path="Bob/01.flac").pk == old.pk
    assert Library.objects.get().total_missing_files == 1


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
