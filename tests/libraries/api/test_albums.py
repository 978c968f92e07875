"""`/api/album`, `/api/artist`, `/api/genre`, `/api/tag` and `/api/folder`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from libraries.models import Album, Library
from tests.conftest import SignIn
from tests.support.limits import limit_lists
from tests.support.scans import scan, write_track
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

ALBUM_KEYS = {
    "id",
    "libraryId",
    "libraryPath",
    "libraryName",
    "name",
    "albumArtistId",
    "albumArtist",
    "maxYear",
    "minYear",
    "maxOriginalYear",
    "minOriginalYear",
    "compilation",
    "songCount",
    "duration",
    "size",
    "discs",
    "orderAlbumName",
    "orderAlbumArtistName",
    "explicitStatus",
    "rgAlbumGain",
    "rgAlbumPeak",
    "externalInfoUpdatedAt",
    "genre",
    "genres",
    "participants",
    "missing",
    "importedAt",
    "createdAt",
    "updatedAt",
}
ARTIST_KEYS = {
    "id",
    "name",
    "orderArtistName",
    "stats",
    "size",
    "albumCount",
    "songCount",
    "missing",
    "createdAt",
    "updatedAt",
}


@pytest.fixture
def client(admin: User, sign_in: SignIn) -> APIClient:
    return sign_in(admin)


@pytest.fixture
def main(library: Library) -> Library:
    """Three albums, one of which is missing, in the library that the member can access."""
    root = Path(library.path)
    write_track(root / "a/1.flac", "One", album="The Wall", genres=("Rock", "Folk"), composers=("Cy",), date="1979",
                extra=(("albumversion", ("Deluxe",)),))  # fmt: skip
    write_track(root / "a/2.flac", "Two", number=2, album="The Wall", genres=("Rock",), date="1980", mood="Calm",
                extra=(("albumversion", ("Deluxe",)),))  # fmt: skip
    write_track(root / "b/1.flac", "Sky", album="Été", artists=("Bob", "Ann"), album_artists=("Bob",), date="",
                genres=("Jazz",))  # fmt: skip
    write_track(root / "c/1.flac", "Gone", album="Lost", artists=("Zoe",), album_artists=("Zoe",), date="1990")
    scan(library)
    (root / "c/1.flac").unlink()
    scan(library, accept_empty=True)
    return library


@pytest.fixture
def other(other_library: Library) -> Library:
    write_track(Path(other_library.path) / "x.flac", "Else", album="Away", artists=("Ann",), album_artists=("Ann",),
                genres=("Metal",))  # fmt: skip
    scan(other_library)
    return other_library


def names(client: APIClient, query: str, key: str = "name") -> list[str]:
    answer = client.get(f"/api/{query}")
    assert answer.status_code == 200, answer.content
    assert int(answer["X-Total-Count"]) >= len(answer.json())
    return [each[key] for each in answer.json()]


def one(client: APIClient, kind: str, name: str) -> dict[str, Any]:
    (found,) = (each for each in client.get(f"/api/{kind}").json() if each["name"] == name)
    assert client.get(f"/api/{kind}/{found['id']}").json() == found
    return dict(found)


def test_an_album_has_what_its_songs_say(client: APIClient, main: Library) -> None:
    album = one(client, "album", "The Wall")
    assert album.keys() >= ALBUM_KEYS
    assert (album["minYear"], album["maxYear"], album["songCount"], album["genre"]) == (1979, 1980, 2, "Rock")
    assert [genre["name"] for genre in album["genres"]] == ["Rock", "Folk"]
    assert album["tags"] == {"albumversion": ["Deluxe"], "genre": ["Rock", "Folk"], "mood": ["Calm"]}
    assert (album["orderAlbumName"], album["missing"], album["libraryName"]) == ("wall", False, "Rock")
    assert album["participants"]["composer"][0]["name"] == "Cy"
    lost = one(client, "album", "Lost")
    assert (lost["missing"], lost["songCount"], lost["genre"]) == (True, 0, "Rock")
    assert lost["participants"]["artist"] == [
        {"id": one(client, "artist", "Zoe")["id"], "name": "Zoe", "missing": True}
    ]


def test_an_album_says_the_same_before_and_after_it_is_gathered(client: APIClient, main: Library) -> None:
    before = client.get("/api/album").json()
    artists = client.get("/api/artist").json()
    assert set(Album.objects.values_list("details", flat=True)) == {""}
    client.get("/api/genre")
    assert not Album.objects.filter(details="").exists()
    assert client.get("/api/album").json() == before
    assert client.get("/api/artist").json() == artists


ALBUMS = {
    "_sort=name": ["Away", "Été", "Lost", "The Wall"],
    "_sort=name&_order=DESC&_end=2": ["The Wall", "Lost"],
    "_sort=artist": ["Away", "The Wall", "Été", "Lost"],
    "_sort=max_year&missing=false&library_id={library}": ["Été", "The Wall"],
    "_sort=recently_added&_order=DESC&_end=1": ["Away"],
    "_sort=songCount&_order=DESC&_end=1": ["The Wall"],
    "library_id={other}": ["Away"],
    "missing=true": ["Lost"],
    "name=wal": ["The Wall"],
    "name=ete": ["Été"],
    "name=delux+wall": ["The Wall"],
    "name=bob": ["Été"],
    "name=cy": ["The Wall"],
    "name=all": [],
    "name=%26": [],
    "year=1979": ["The Wall"],
    "year=1985": [],
    "year=0": ["Été"],
    "artist_id={ann}&_sort=name": ["Away", "Été", "The Wall"],
    "album_artist_id={ann}&_sort=name": ["Away", "The Wall"],
    "role_composer_id={cy}": ["The Wall"],
    "role_artist_id={cy}": [],
    "role_total_id={cy}": ["The Wall"],
    "role_nonsense_id={cy}&_end=1&_sort=name": ["Away"],
    "mood=Calm": ["The Wall"],
    "albumversion=Deluxe": ["The Wall"],
    "genre=Jazz": ["Été"],
    "genre=Jazz&genre=Metal&_sort=name": ["Away", "Été"],
    "compilation=true": [],
}


def test_lists_of_albums(client: APIClient, main: Library, other: Library) -> None:
    people = {name.lower(): one(client, "artist", name)["id"] for name in ("Ann", "Cy")}
    places = {"library": main.pk, "other": other.pk}
    assert {query: names(client, f"album?{query.format(**places, **people)}") for query in ALBUMS} == ALBUMS


def test_every_page_of_a_list_with_filters_says_how_many_there_are(
    client: APIClient, main: Library, other: Library, settings: Settings
) -> None:
    ann = one(client, "artist", "Ann")["id"]
    every_by_id = names(client, f"album?artist_id={ann}&_sort=id")
    for order in ("_sort=name", "_sort=id", "_sort=id&_order=DESC", "_sort=random&seed=1"):
        every = names(client, f"album?artist_id={ann}&{order}")
        assert len(every) == 3
        for first in range(5):
            for end in range(first, 6):
                answer = client.get(f"/api/album?artist_id={ann}&{order}&_start={first}&_end={end}")
                assert [each["name"] for each in answer.json()] == (every[first:end] if end else every)
                assert answer["X-Total-Count"] == "3"
    empty = client.get("/api/album?name=nothing&_start=0&_end=10")
    assert (empty.json(), empty["X-Total-Count"]) == ([], "0")
    # more than are found at once
    limit_lists(settings, few=2)
    assert names(client, f"album?artist_id={ann}&_start=0&_end=2") == every_by_id[:2]
    assert client.get(f"/api/album?artist_id={ann}&_start=0&_end=2")["X-Total-Count"] == "3"


def test_an_artist_has_numbers_by_role(client: APIClient, main: Library, other: Library) -> None:
    ann = one(client, "artist", "Ann")
    assert ann.keys() >= ARTIST_KEYS
    assert {role: stats["songCount"] for role, stats in ann["stats"].items()} == {
        "artist": 4, "albumartist": 3, "maincredit": 4,
    }  # fmt: skip
    assert (ann["songCount"], ann["albumCount"], ann["missing"]) == (4, 3, False)
    assert ann["size"] == ann["stats"]["maincredit"]["size"]
    zoe = one(client, "artist", "Zoe")
    assert (zoe["missing"], zoe["stats"], zoe["songCount"]) == (True, {}, 0)


ARTISTS = {
    "_sort=name": ["Ann", "Bob", "Cy", "Zoe"],
    "_sort=songCount&_order=DESC&_end=1": ["Ann"],
    "_sort=maincredit_song_count&missing=false": ["Cy", "Bob", "Ann"],
    "_sort=size&_order=DESC&_end=1&missing=false": ["Ann"],
    "role=composer": ["Cy"],
    "role=maincredit&_sort=name": ["Ann", "Bob"],
    "role=maincredit&library_id={other}": ["Ann"],
    "role=nonsense": [],
    "role=%25": [],
    "library_id={other}": ["Ann"],
    "missing=true": ["Zoe"],
    "name=an": ["Ann"],
    "name=nn": [],
}


def test_lists_of_artists(client: APIClient, main: Library, other: Library) -> None:
    assert {query: names(client, f"artist?{query.format(other=other.pk)}") for query in ARTISTS} == ARTISTS


OTHERS: list[tuple[str, str, list[str]]] = [
    ("genre?_sort=name", "name", ["Folk", "Jazz", "Metal", "Rock"]),
    ("genre?name=OC", "name", ["Rock"]),
    ("genre?library_id={other}", "name", ["Metal"]),
    ("tag?tag_name=mood", "tagValue", ["Calm"]),
    ("tag?tag_name=genre&_sort=songCount&_order=DESC&_end=1", "tagValue", ["Rock"]),
    ("tag?tag_value=De", "tagValue", ["Deluxe"]),
    ("tag?name=delux", "tagName", ["albumversion"]),
    ("folder?_sort=path", "path", ["", "a", "b", "c"]),
    ("folder?path=b", "name", ["b"]),
    ("folder?missing=true", "path", []),
]


def test_other_lists(client: APIClient, main: Library, other: Library) -> None:
    found = [(query, key, names(client, query.format(other=other.pk), key)) for query, key, _ in OTHERS]
    assert found == OTHERS
    for kind in ("genre", "tag", "folder"):
        for each in client.get(f"/api/{kind}").json():
            assert client.get(f"/api/{kind}/{each['id']}").json() == each


def test_nobody_sees_what_is_of_other_libraries_alone(
    admin: User, member: User, sign_in: SignIn, main: Library, other: Library
) -> None:
    boss, client = sign_in(admin), sign_in(member)
    assert names(client, "album?_sort=name") == ["Été", "Lost", "The Wall"]
    ann = one(client, "artist", "Ann")
    assert (ann["songCount"], ann["stats"]["artist"]["songCount"]) == (3, 3)
    assert names(client, "genre?_sort=name") == ["Folk", "Jazz", "Rock"]
    for kind in ("album", "genre", "tag", "folder"):
        seen = {each["id"] for each in client.get(f"/api/{kind}").json()}
        hidden = [each["id"] for each in boss.get(f"/api/{kind}").json() if each["id"] not in seen]
        assert hidden
        assert {client.get(f"/api/{kind}/{pk}").status_code for pk in [*hidden, "nope"]} == {404}
