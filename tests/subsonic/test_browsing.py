"""Browsing by tags."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from libraries.models import Album, Artist, Library, MediaFile
from listening.models import AlbumAnnotation, ArtistAnnotation, Bookmark, TrackAnnotation
from tests.subsonic.conftest import OK, Call, code, credentials, names
from tests.support.catalog import LONG_AGO, SEEN, make_artist, make_genre
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

Songs = dict[str, MediaFile]


def test_artists(call: Call, caller: User, sees_all: bool, songs: Songs) -> None:
    found = call("getArtists", caller)["artists"]
    letters = {index["name"]: names(index["artist"]) for index in found["index"]}
    more = {"E": ["Eve"]} if sees_all else {}
    assert letters == {"A": ["Ada"], "B": ["Bob"], "C": ["The Cure"], **more, "#": ["7 Seconds"]}
    assert list(letters)[-1] == "#"
    assert found["ignoredArticles"].split()[0] == "The"
    ada = found["index"][0]["artist"][0]
    assert (ada["albumCount"], ada["roles"]) == (2, ["albumartist", "artist", "maincredit"])


def test_music_folders_narrow(call: Call, admin: User, member: User, songs: Songs, other_library: Library) -> None:
    number = other_library.pk
    for method, element in (("getArtists", "artists"), ("getIndexes", "indexes")):
        found = call(method, admin, musicFolderId=number)[element]["index"]
        assert [names(index["artist"]) for index in found] == [["Eve"]]
        assert len(call(method, admin, musicFolderId=[number, songs["Dawn"].library_id])[element]["index"]) == 5
        for foreign in (number, "99", "x", [songs["Dawn"].library_id, number]):
            assert code(call(method, member, musicFolderId=foreign)) == 70
    assert names(call("search3", admin, query="", musicFolderId=number)["searchResult3"]["song"]) == ["Opening too"]


def test_an_artist(call: Call, caller: User, sees_all: bool, songs: Songs) -> None:
    ArtistAnnotation.objects.create(user=caller, artist=make_artist("Ada"), starred_at=SEEN, rating=4, rated_at=SEEN)
    found = call("getArtist", caller, id=make_artist("Ada").pk)["artist"]
    assert names(found["album"]) == ["Early", "First"]
    assert (found["starred"], found["userRating"]) == ("2026-02-02T03:04:05.000Z", 4)
    eve = call("getArtist", caller, id=make_artist("Eve").pk)
    assert names([eve["artist"]]) == ["Eve"] if sees_all else code(eve) == 70
    for wrong in ("nope", "a b", "\x00", make_artist("Zoe").pk, "é"):
        assert code(call("getArtist", caller, id=wrong)) == 70
    assert code(call("getArtist", caller)) == 10


def test_an_album(call: Call, caller: User, sees_all: bool, songs: Songs) -> None:
    album = songs["Opening"].album_ref
    assert album is not None
    AlbumAnnotation.objects.create(user=caller, album=album, play_count=3, play_date=SEEN)
    found = call("getAlbum", caller, id=album.pk)["album"]
    assert names(found["song"]) == ["Overture", "Opening"]
    assert (found["songCount"], found["duration"], found["year"], found["playCount"]) == (2, 5, 1990, 3)
    assert (found["artist"], found["artistId"], found["genres"]) == ("Ada", make_artist("Ada").pk, [{"name": "Rock"}])
    away = call("getAlbum", caller, id=str(songs["Opening too"].album_ref_id))
    assert code(away) == (OK if sees_all else 70)
    assert code(call("getAlbum", caller, id=str(songs["Lost"].album_ref_id))) == 70
    assert code(call("getAlbum", caller)) == 10


def test_a_song(call: Call, caller: User, sees_all: bool, songs: Songs) -> None:
    song = songs["Opening"]
    TrackAnnotation.objects.create(user=caller, media_file=song, rating=2, play_count=7, play_date=SEEN)
    Bookmark.objects.create(user=caller, media_file=song, position=1500)
    found = call("getSong", caller, id=song.pk)["song"]
    wanted: dict[str, Any] = {
        "id": song.pk, "isDir": False, "title": "Opening", "album": "First", "artist": "Ada", "track": 2, "year": 1990,
        "genre": "Rock", "suffix": "mp3", "contentType": "audio/mpeg", "duration": 2, "size": 1000, "type": "music",
        "path": "Ada/First/02 - Opening.mp3", "parent": song.album_ref_id, "albumId": song.album_ref_id,
        "artists": [{"id": make_artist("Ada").pk, "name": "Ada"}], "replayGain": {"trackGain": -7.25},
        "userRating": 2, "playCount": 7, "played": "2026-02-02T03:04:05.000Z", "bookmarkPosition": 1500,
        "coverArt": f"al-{song.album_ref_id}",
    }  # fmt: skip
    assert {key: found.get(key) for key in wanted} == wanted
    assert code(call("getSong", caller, id=songs["Opening too"].pk)) == (OK if sees_all else 70)
    assert code(call("getSong", caller, id=songs["Lost"].pk)) == 70


def test_what_tags_say(call: Call, member: User, songs: Songs) -> None:
    tags = {
        "isrc": ["DE1"], "mood": ["Calm"], "grouping": ["Suite"], "work": ["Opus"], "movementname": ["Allegro"],
        "movement": ["2"], "movementtotal": ["x"], "explicitstatus": ["1"], "albumversion": ["Deluxe"],
        "subtitle": ["Live"],
    }  # fmt: skip
    song = songs["Opening"]
    MediaFile.objects.filter(pk=song.pk).update(tags=tags, comment="a\nb", bpm=120, has_picture=True)
    song.participants.create(artist=make_artist("Cy"), role="composer")
    song.participants.create(artist=make_artist("Vi"), role="performer", sub_role="Violin")
    found = call("getSong", member, id=song.pk)["song"]
    wanted: dict[str, Any] = {
        "isrc": ["DE1"], "moods": ["Calm"], "groupings": ["Suite"], "works": [{"name": "Opus"}],
        "movements": [{"name": "Allegro", "number": 2}], "explicitStatus": "explicit", "bpm": 120, "comment": "a\nb",
        "title": "Opening (Live)", "album": "First (Deluxe)", "displayComposer": "Cy", "coverArt": f"mf-{song.pk}",
    }  # fmt: skip
    assert {key: found[key] for key in wanted} == wanted
    assert [(each["role"], each.get("subRole"), each["artist"]["name"]) for each in found["contributors"]] == [
        ("composer", None, "Cy"), ("performer", "Violin", "Vi"),
    ]  # fmt: skip


def test_genres(call: Call, caller: User, sees_all: bool, songs: Songs) -> None:
    make_genre("Unused")
    found = call("getGenres", caller)["genres"]["genre"]
    rock = 5 if sees_all else 4
    assert found == [
        {"value": "Rock", "songCount": rock, "albumCount": rock - 1},
        {"value": "Folk", "songCount": 1, "albumCount": 1},
        {"value": "Jazz", "songCount": 1, "albumCount": 1},
    ]


def test_a_person_without_libraries(call: Call, outsider: User, songs: Songs) -> None:
    assert call("getArtists", outsider)["artists"]["index"] == []
    assert call("getGenres", outsider)["genres"] == {"genre": []}
    assert call("getIndexes", outsider)["indexes"]["index"] == []
    assert code(call("getSong", outsider, id=songs["Dawn"].pk)) == 70


def test_the_form_in_xml(member: User, songs: Songs) -> None:
    """Texts and signs of every kind, and what tells nothing, come through."""
    query = {**credentials(member), "f": "xml", "id": str(songs["Rain & <Snow>"].album_ref_id)}
    (album,) = ElementTree.fromstring(Client().post("/rest/getAlbum.view", query).content)
    song = next(child for child in album if child.tag.endswith("song"))
    assert song.attrib["title"] == "Rain & <Snow>"
    assert [child.tag.rpartition("}")[2] for child in album] == ["genres", "artists", "song"]
    odd = Client().get("/rest/getSong", {**query, "id": songs["Odd \x01 one"].pk})
    assert ElementTree.fromstring(odd.content)[0].attrib["title"] == "Odd \ufffd one"


def test_the_number_of_queries(
    member: User, songs: Songs, library: Library, django_assert_max_num_queries: Any
) -> None:
    """The same for many songs of an album as for one."""
    album = Album.objects.get(name="First")
    query = {**credentials(member), "id": album.pk}
    Client().get("/rest/getAlbum", query)
    MediaFile.objects.bulk_create(
        MediaFile(
            library=library, folder_id=songs["Opening"].folder_id, album_ref=album, path=f"x/{number}.mp3",
            name_bytes=b"%d" % number, suffix="mp3", size=1, mtime_ns=1, title=f"{number}", tags={},
            created_at=LONG_AGO, updated_at=LONG_AGO,
        )
        for number in range(100)
    )  # fmt: skip
    with django_assert_max_num_queries(25):
        assert len(Client().get("/rest/getAlbum", query).json()["subsonic-response"]["album"]["song"]) == 102
    for number in range(300):
        Artist.objects.create(
            pid=f"{number:032}", name=f"N{number}", order_name=f"n{number}", created_at=SEEN, updated_at=SEEN
        )
    library.library_artists.bulk_create(
        [
            type(library.library_artists.first())(  # type: ignore[misc]
                library=library, artist=artist, song_count=1, album_count=1, stats='{"albumartist":[1,1,1]}'
            )
            for artist in Artist.objects.filter(name__startswith="N")
        ]
    )
    with django_assert_max_num_queries(25):
        found = Client().get("/rest/getArtists", credentials(member)).json()["subsonic-response"]["artists"]
    assert sum(len(index["artist"]) for index in found["index"]) == 304
