"""`/api/song`: who sees what, in which order, with which keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from libraries.models import Library, MediaFile
from tests.conftest import MakeLibrary, SignIn
from tests.support.catalog import make_track
from tests.support.scans import scan, write_track
from users.models import User

KEYS = {
    "id", "libraryId", "libraryPath", "libraryName", "folderId", "path", "title", "album", "artistId", "artist",
    "albumArtistId", "albumArtist", "albumId", "hasCoverArt", "trackNumber", "discNumber", "year", "originalYear",
    "releaseYear", "size", "suffix", "duration", "bitRate", "sampleRate", "channels", "codec", "genre", "orderTitle",
    "orderAlbumName", "orderArtistName", "orderAlbumArtistName", "compilation", "lyrics", "explicitStatus",
    "rgAlbumGain", "rgAlbumPeak", "rgTrackGain", "rgTrackPeak", "participants", "missing", "birthTime", "createdAt",
    "updatedAt",
}  # fmt: skip


@pytest.fixture
def client(admin: User, sign_in: SignIn) -> APIClient:
    return sign_in(admin)


def titles(client: APIClient, query: str = "") -> list[str]:
    answer = client.get(f"/api/song?{query}")
    assert answer.status_code == 200, answer.content
    return [song["title"] for song in answer.json()]


@pytest.fixture
def songs(library: Library, other_library: Library) -> list[MediaFile]:
    """Six songs; the last one is in the library that only admins can access, the fourth is missing."""
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("b", "The Beta", {"year": 2001, "order_artist": "b", "order_album": "x", "disc_number": 1, "track_number": 2}),
        ("a", "Alpha", {"year": None, "order_artist": "b", "order_album": "x", "disc_number": 1, "track_number": 1}),
        ("c", "Gamma", {"year": 1999, "order_artist": "a", "order_album": "y"}),
        ("d", "Delta", {"year": 2001, "order_artist": "b", "order_album": "x", "missing": True}),
        ("e", "Été", {"year": 2020, "order_artist": "c", "order_album": "y"}),
    ]  # fmt: skip
    found = []
    for name, title, fields in rows:
        fields = {"missing": False, **fields}
        order = title.lower().replace("é", "e")
        found.append(make_track(library, f"{name}.mp3", title=title, order_title=order, **fields))
    found.append(make_track(other_library, "f.mp3", title="Foreign", order_title="foreign", missing=False))
    return found


LISTS = {
    "_sort=title": ["Alpha", "Delta", "Été", "Foreign", "Gamma", "The Beta"],
        "_sort=title&_order=DESC": ["The Beta", "Gamma", "Foreign", "Été", "Delta", "Alpha"],
        "_sort=title&_start=1&_end=3": ["Delta", "Été"],
        "_sort=title&_start=5&_end=2": [],
        "_sort=title&missing=true": ["Delta"],
        "_sort=title&missing=false": ["Alpha", "Été", "Foreign", "Gamma", "The Beta"],
        "_sort=year&_end=2&missing=false&library_id={library}": ["Alpha", "Gamma"],
        "_sort=year&_order=desc&_end=2&library_id={library}": ["Été", "Delta"],
        "_sort=artist&library_id={library}": ["Gamma", "Delta", "Alpha", "The Beta", "Été"],
        "_sort=recently_added": ["The Beta", "Alpha", "Gamma", "Delta", "Été", "Foreign"],
        "_sort=nonsense": ["The Beta", "Alpha", "Gamma", "Delta", "Été", "Foreign"],
        "id={second}&id={last}&id=nope": ["Alpha", "Foreign"],
        "library_id={other}": ["Foreign"],
        "library_id={other}&library_id={library}&_sort=title&_end=1": ["Alpha"],
        "library_id=99": [],
        "year=2001&_sort=title": ["Delta", "The Beta"],
        "year=2001&year=1999&_sort=title&missing=false": ["Gamma", "The Beta"],
        "year=x": [],
        "year=&path=c": ["Gamma"],
        "path=%25": [],
        "suffix=flac": [],
        '_filters={{"missing":+true}}': ["Delta"],
        '_filters={{"year":+[1999,+2020]}}&_sort=title': ["Été", "Gamma"],
        "foo=bar&_end=1": ["The Beta"],
}  # fmt: skip


@pytest.mark.django_db
def test_lists(client: APIClient, songs: list[MediaFile], library: Library, other_library: Library) -> None:
    names = {"library": library.pk, "other": other_library.pk, "second": songs[1].pk, "last": songs[-1].pk}
    assert {query: titles(client, query.format(**names)) for query in LISTS} == LISTS


@pytest.mark.django_db
def test_an_impossible_filter_is_refused_by_name(client: APIClient) -> None:
    answer = client.get("/api/song?library_id=x")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["library_id"])


@pytest.mark.django_db
def test_texts_that_mean_nothing(client: APIClient, songs: list[MediaFile]) -> None:
    everything = len(titles(client))
    queries = ("_filters=" + "[" * 3000, "_filters=5", "_filters={", "path=%00", "title=%00", "id=%00", "genre=%00")
    assert [len(titles(client, query)) for query in queries] == [everything] * 3 + [0] * 4


@pytest.mark.django_db
def test_the_total_is_that_of_the_filters(client: APIClient, songs: list[MediaFile], library: Library) -> None:
    assert client.get("/api/song?_end=2")["X-Total-Count"] == "6"
    assert client.get("/api/song")["X-Total-Count"] == "6"
    assert client.get(f"/api/song?_end=1&library_id={library.pk}")["X-Total-Count"] == "5"
    assert client.get("/api/song?_end=1&title=")["X-Total-Count"] == "6"


@pytest.mark.django_db
def test_a_random_order_follows_from_its_seed(client: APIClient, library: Library) -> None:
    for number in range(30):
        make_track(library, f"{number:02}.mp3", title=f"Song {number:02}", missing=False)
    one, again = (titles(client, "_sort=random&seed=1") for _ in range(2))
    assert one == again
    pages = [titles(client, f"_sort=random&seed=1&_start={at}&_end={at + 7}") for at in range(0, 30, 7)]
    assert [title for page in pages for title in page] == one
    other = titles(client, "_sort=random&seed=2")
    assert sorted(one) == sorted(other) == titles(client, "_sort=path")
    assert len({tuple(one), tuple(other), tuple(titles(client, "_sort=path"))}) == 3
    MediaFile.objects.filter(title="Song 07").delete()
    assert titles(client, "_sort=random&seed=1") == [title for title in one if title != "Song 07"]


@pytest.mark.django_db
def test_a_member_sees_the_songs_of_the_own_libraries(member: User, sign_in: SignIn, songs: list[MediaFile]) -> None:
    client = sign_in(member)
    assert len(titles(client)) == 5
    assert client.get("/api/song?_end=1")["X-Total-Count"] == "5"
    assert client.get(f"/api/song/{songs[0].pk}").json()["title"] == "The Beta"
    for unknown in (songs[-1].pk, "nope", "%00", "é"):
        assert client.get(f"/api/song/{unknown}").status_code == 404


@pytest.mark.django_db
def test_a_purged_song_is_in_no_list(client: APIClient, songs: list[MediaFile]) -> None:
    MediaFile.objects.filter(title="Delta").update(purge_id="p")
    assert "Delta" not in titles(client)
    assert client.get(f"/api/song/{songs[3].pk}").status_code == 404


@pytest.mark.django_db
def test_a_list_asks_the_database_as_much_for_few_songs_as_for_many(client: APIClient, library: Library) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get("/api/song?_end=400&_sort=title")
        return len(asked)

    make_track(library, "x.mp3", missing=False)
    make_track(library, "y.mp3", missing=True)
    queries()
    few = queries()
    for number in range(40):
        make_track(library, f"{number}.mp3", missing=number % 2 == 0, artist=f"A{number}", genre=f"G{number}")
    assert queries() == few


@pytest.fixture
def scanned(make_library: MakeLibrary) -> Library:
    library = make_library("Music")
    write_track(
        Path(library.path) / "Ann/a.flac", "The Opening", artists=("Ann", "Bob"), composers=("Cy",),
        performers=(("violin", "Di"),), genres=("Rock", "Folk"), mood="Calm",
        label="Blue", comment="C", catalog_number="X 1", isrc="I", bpm=120, disc_number=1,
    )  # fmt: skip
    scan(library)
    return library


@pytest.mark.django_db(transaction=True)
def test_a_song_has_all_that_its_file_says(client: APIClient, scanned: Library) -> None:
    (song,) = client.get("/api/song").json()
    row = MediaFile.objects.get()
    assert song.keys() >= KEYS
    assert {key: song[key] for key in ("title", "artist", "path", "libraryName", "orderArtistName", "lyrics")} == {
        "title": "The Opening", "artist": "Ann & Bob", "path": "Ann/a.flac", "libraryName": "Music",
        "orderArtistName": "ann", "lyrics": "[]",
    }  # fmt: skip
    people = {role: [each["name"] for each in each_role] for role, each_role in song["participants"].items()}
    assert people == {"artist": ["Ann", "Bob"], "albumartist": ["Ann"], "composer": ["Cy"], "performer": ["Di"]}
    assert song["participants"]["performer"][0]["subRole"] == "Violin"
    assert song["artistId"] == song["participants"]["artist"][0]["id"]
    assert [genre["name"] for genre in song["genres"]] == ["Rock", "Folk"]
    assert song["tags"]["genre"] == ["Rock", "Folk"]
    assert song["tags"]["recordlabel"] == ["Blue"]
    assert song["tags"]["mood"] == ["Calm"]
    assert "title" not in song["tags"]
    assert (song["libraryId"], song["albumId"], song["folderId"]) == (scanned.pk, row.album_ref_id, row.folder_id)
    assert (song["catalogNum"], song["bpm"], song["comment"]) == ("X 1", 120, "C")
    assert client.get(f"/api/song/{song['id']}").json() == song


FOUND = {
    "title=open": True, "title=ann+openi": True, "title=zzz": False, "artists_id={bob}": True,
        "artist_id={bob}": False, "artist_id={ann}": True, "album_artist_id={ann}": True,
        "album_artist_id={bob}": False, "artists_id={cy}": False, "genre_id={rock}": True,
        "genre_id=x&genre_id={rock}": True, "genre=Folk": True, "genre=Fo": False, "genre={rock}": True,
        "album_id={album}": True, "folder_id={folder}": True, "folder_id=x": False, "bpm=120": True,
        "compilation=true": False, "compilation=false": True,
}  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_filters_by_what_hangs_on_a_song(client: APIClient, scanned: Library) -> None:
    (song,) = client.get("/api/song").json()
    people = {each["name"].lower(): each["id"] for role in song["participants"].values() for each in role}
    names = {"rock": song["genres"][0]["id"], "album": song["albumId"], "folder": song["folderId"], **people}
    assert {query: bool(titles(client, query.format(**names))) for query in FOUND} == FOUND


@pytest.mark.django_db(transaction=True)
def test_filters_by_tags(client: APIClient, scanned: Library) -> None:
    write_track(Path(scanned.path) / "Ann/b.flac", "Other", number=2, mood="Blue", disc_number=1)
    scan(scanned)
    queries = ("mood=Calm", "mood=calm", "mood=Blue", "recordlabel=Blue", "isrc=I")
    found = {query: titles(client, query) for query in queries}
    opening, other = ["The Opening"], ["Other"]
    assert found == dict(zip(queries, (opening, [], other, opening, opening), strict=True))
    tags = client.get("/api/tag?tag_name=mood").json()
    assert {tag["tagValue"]: tag["songCount"] for tag in tags} == {"Calm": 1, "Blue": 1}
    (calm,) = (tag["id"] for tag in tags if tag["tagValue"] == "Calm")
    assert titles(client, f"mood={calm}") == opening
    assert titles(client, f"mood={calm}&mood=Blue&_sort=title") == ["Other", "The Opening"]
