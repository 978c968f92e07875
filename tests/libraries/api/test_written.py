"""Objects that are kept as they were written: what has changed shows at once, and each sees their own of it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from libraries import totals
from libraries.catalog_api.written import Kept, KeptObjects
from libraries.choices import ScanState
from libraries.gathering import gather
from libraries.models import Album, Library, MediaFile, Scan
from libraries.scanner import pipeline
from libraries.scanner.write.retags import settle_albums
from libraries.visible import LibraryFacts
from listening.models import TrackAnnotation
from missing.purges import purge_missing_files
from tests.conftest import SignIn
from tests.support.limits import limit_lists
from tests.support.scans import scan, write_track
from users.models import LibraryAccess, User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]

LISTS = ("song?_sort=path", "album?_sort=name")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "music"


@pytest.fixture
def library(root: Path) -> Library:
    for number in range(3):
        write_track(root / f"{number}/1.flac", f"Song {number}", album=f"Album {number}", artists=("Ada",))
    library = Library.objects.create(name="Music", path=str(root))
    scan(library)
    gather([library.pk])
    return library


@pytest.mark.parametrize("query", LISTS)
def test_a_second_list_reads_no_rows(as_admin: APIClient, library: Library, query: str) -> None:
    with CaptureQueriesContext(connection) as first:
        before = as_admin.get(f"/api/{query}").json()
    with CaptureQueriesContext(connection) as second:
        assert as_admin.get(f"/api/{query}").json() == before
    assert len(before) == 3
    assert len(second) < len(first)
    # one object is made by each request
    assert [as_admin.get(f"/api/{query.partition('?')[0]}/{each['id']}").json() for each in before] == before


def test_changes_show_at_once(as_admin: APIClient, library: Library, root: Path) -> None:
    songs, albums = (as_admin.get(f"/api/{query}").json() for query in LISTS)
    write_track(root / "0/1.flac", "Other", album="Else", artists=("Bob",))
    (root / "1/1.flac").unlink()
    scan(library)
    gather([library.pk])
    now = {song["id"]: song for song in as_admin.get(f"/api/{LISTS[0]}").json()}
    assert (now[songs[0]["id"]]["title"], now[songs[0]["id"]]["artist"]) == ("Other", "Bob")
    assert [now[song["id"]]["missing"] for song in songs] == [False, True, False]
    assert now[songs[2]["id"]] == songs[2]
    assert "Else" in [album["name"] for album in as_admin.get(f"/api/{LISTS[1]}").json()]
    purge_missing_files([songs[1]["id"]])
    assert songs[1]["id"] not in [song["id"] for song in as_admin.get(f"/api/{LISTS[0]}").json()]
    Library.objects.filter(pk=library.pk).update(name="Renamed")
    for query in LISTS:
        assert {each["libraryName"] for each in as_admin.get(f"/api/{query}").json()} == {"Renamed"}
    assert {album["libraryName"] for album in albums} == {"Music"}


def test_each_has_their_own_keys_and_libraries(as_admin: APIClient, sign_in: SignIn, library: Library) -> None:
    member = User.objects.create_user("member")
    song = MediaFile.objects.order_by("path")[0]
    TrackAnnotation.objects.create(user=member, media_file=song, rating=4)
    client = sign_in(member)
    of_admin = as_admin.get(f"/api/{LISTS[0]}").json()
    assert client.get(f"/api/{LISTS[0]}").json() == []
    LibraryAccess.objects.create(user=member, library=library)
    of_member = client.get(f"/api/{LISTS[0]}").json()
    assert {key: of_member[0][key] for key in of_admin[0]} == of_admin[0]
    assert of_member[0]["rating"] == 4
    assert "rating" not in of_admin[0]
    assert of_member[1:] == of_admin[1:]
    TrackAnnotation.objects.all().delete()
    assert "rating" not in client.get(f"/api/{LISTS[0]}").json()[0]
    LibraryAccess.objects.all().delete()
    assert client.get(f"/api/{LISTS[0]}").json() == []


def test_an_album_whose_tracks_moved_shows_where_they_went(as_admin: APIClient, library: Library, root: Path) -> None:
    """Albums are given their rows behind the songs, in a transaction of their own."""
    before = {album["name"]: album["id"] for album in as_admin.get(f"/api/{LISTS[1]}").json()}
    write_track(root / "2/1.flac", "Song 2", album="Album 2, remastered", artists=("Ada",))
    scan(library)
    after = {album["name"]: album["id"] for album in as_admin.get(f"/api/{LISTS[1]}").json()}
    assert after == dict(Album.objects.filter(song_count__gt=0).values_list("name", "pk"))
    assert after["Album 2, remastered"] == before["Album 2"]


def test_albums_show_as_they_were_settled_though_the_scan_ended_there(
    as_admin: APIClient, library: Library, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_track(root / "2/2.flac", "Song 3", album="Album 2", artists=("Ada",))
    scan(library)
    revisions: list[int] = []

    def note_revision() -> None:
        revisions.append(Library.objects.get(pk=library.pk).revision)

    def shown() -> dict[str, str]:
        return {album["id"]: album["name"] for album in as_admin.get(f"/api/{LISTS[1]}").json()}

    def settle_behind_a_list(*arguments: Any) -> None:
        shown()
        note_revision()
        settle_albums(*arguments)
        note_revision()

    def end(*arguments: Any) -> None:
        raise RuntimeError("the scan ends here")

    write_track(root / "2/1.flac", "Song 2", album="Album 3", artists=("Ada",))
    monkeypatch.setattr(pipeline, "settle_albums", settle_behind_a_list)
    monkeypatch.setattr(totals, "refresh_library_artists", end)
    with contextlib.suppress(RuntimeError):
        scan(library)
    assert Scan.objects.latest("pk").state == ScanState.FAILED
    assert revisions[0] < revisions[1]
    assert shown() == {pk: as_admin.get(f"/api/album/{pk}").json()["name"] for pk in shown()}
    assert sorted(shown().values()) == [f"Album {number}" for number in range(4)]


def test_what_was_asked_for_last_is_kept(settings: Settings, library: Library) -> None:
    limit_lists(settings, kept_objects_bytes=20_000)
    kept, one = KeptObjects(), Kept(1, LibraryFacts("", "", 0, 0), b"x" * 300, {})
    for number in range(100):
        kept.put(str(number), one)
        assert kept.get("0") is one
    known = [number for number in range(100) if kept.get(str(number))]
    assert 10 < len(known) <= 20
    assert known[-9:] == list(range(91, 100))
