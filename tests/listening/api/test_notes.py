"""What songs have of the viewer: keys, sorts and filters that this app adds to the lists of the catalog."""

from __future__ import annotations

import itertools

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from libraries.catalog_api.extension import Asked
from libraries.catalog_api.sorting import ids_in_order, in_order
from libraries.gathering import gather
from libraries.models import Album, Library, MediaFile
from libraries.totals import refresh_library_artists
from listening.additions import SongNotes
from listening.models import AlbumAnnotation, ArtistAnnotation, Bookmark, TrackAnnotation
from listening.services.annotations import Things, set_rating, star
from listening.services.plays import Play, record_plays
from tests.support.catalog import LONG_AGO, SEEN, make_artist, make_track
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


@pytest.fixture
def songs(library: Library, member: User, admin: User) -> list[MediaFile]:
    """Five songs: 1 is a favourite, 2 is rated by two people, 3 and 4 were played, 5 has a bookmark."""
    found = [make_track(library, f"A/{n}.mp3", title=str(n), order_title=str(n), missing=False) for n in range(1, 6)]
    viewer, things = member.as_viewer(), [Things(TrackAnnotation, [song.pk]) for song in found]
    star(viewer, things[:1], at=SEEN)
    set_rating(viewer, things[1], 4)
    set_rating(admin.as_viewer(), things[1], 3)
    set_rating(admin.as_viewer(), things[2], 1)
    record_plays(viewer, [Play(found[2].pk, SEEN), Play(found[3].pk, LONG_AGO), Play(found[3].pk, SEEN)])
    star(admin.as_viewer(), things)
    Bookmark.objects.create(user=member, media_file=found[4], position=1500)
    return found


def titles(client: APIClient, query: str) -> str:
    return "".join(song["title"] for song in client.get(f"/api/song?{query}").json())


def test_keys(as_member: APIClient, songs: list[MediaFile]) -> None:
    wanted = {
        "starred", "starredAt", "rating", "ratedAt", "averageRating", "playCount", "playDate", "bookmarkPosition",
    }  # fmt: skip
    rows = as_member.get("/api/song?_sort=title").json()
    said = [{key: value for key, value in row.items() if key in wanted} for row in rows]
    seen = "2026-02-02T03:04:05Z"
    rated_at = said[1].pop("ratedAt")
    assert rated_at.endswith("Z")
    assert said == [
        {"bookmarkPosition": 0, "starred": True, "starredAt": seen},
        {"bookmarkPosition": 0, "rating": 4, "averageRating": 3.5},
        {"bookmarkPosition": 0, "averageRating": 1.0, "playCount": 1, "playDate": seen},
        {"bookmarkPosition": 0, "playCount": 2, "playDate": seen},
        {"bookmarkPosition": 1500},
    ]


def test_sorts(as_member: APIClient, songs: list[MediaFile]) -> None:
    assert titles(as_member, "_sort=play_count&_order=DESC").startswith("43")
    assert titles(as_member, "_sort=playCount") == "12534"
    assert titles(as_member, "_sort=starredAt&_order=DESC").startswith("1")
    assert titles(as_member, "_sort=rating&_order=DESC").startswith("2")
    assert titles(as_member, "_sort=rated_at&_order=DESC").startswith("2")
    assert set(titles(as_member, "_sort=playDate&_order=DESC&_start=0&_end=2")) == {"3", "4"}


def test_filters(as_member: APIClient, songs: list[MediaFile]) -> None:
    assert titles(as_member, "_sort=title&starred=true") == "1"
    assert titles(as_member, "_sort=title&starred=false") == "2345"
    assert titles(as_member, "_sort=title&has_rating=true") == "2"
    assert titles(as_member, "_sort=title&recently_played=false") == "34"
    assert titles(as_member, "_sort=title&rating=4&rating=1") == "2"
    assert titles(as_member, "_sort=title&play_count=2") == "4"
    assert titles(as_member, "_sort=title&play_count=0") == "125"


@pytest.mark.parametrize("key", ["starredAt", "ratedAt", "rating", "playCount", "playDate"])
def test_pages_are_parts_of_one_order(
    as_member: APIClient, member: User, library: Library, songs: list[MediaFile], key: str
) -> None:
    """Read off the index of what has a value, and off that of the others: as if all were sorted."""
    sort = SongNotes.sorts[key]
    asked = Asked(member.as_viewer(), "")
    rows = MediaFile.objects.visible_to(member.as_viewer())
    for descending in (False, True):
        whole = list(in_order(rows, sort, asked, descending=descending).values_list("pk", flat=True))
        assert ids_in_order(rows, sort, asked, descending=descending) == whole
        for first, end in itertools.combinations(range(8), 2):
            page = ids_in_order(rows, sort, asked, descending=descending, first=first, end=end)
            assert page == whole[first:end], (descending, first, end)


def test_queries(as_member: APIClient, library: Library, songs: list[MediaFile], member: User) -> None:
    def asked() -> int:
        as_member.get("/api/song")
        with CaptureQueriesContext(connection) as captured:
            as_member.get("/api/song?_sort=playCount")
        return len(captured)

    few = asked()
    for n in range(30):
        track = make_track(library, f"B/{n}.mp3", missing=False)
        star(member.as_viewer(), [Things(TrackAnnotation, [track.pk])])
    assert asked() == few


def test_albums_and_artists(as_member: APIClient, member: User, library: Library) -> None:
    first = make_track(library, "A/1.mp3", artist="Ada", album="First", missing=False)
    make_track(library, "B/1.mp3", artist="Bo", album="Second", missing=False)
    Album.objects.update(song_count=1)
    refresh_library_artists(library.pk, None)
    gather([library.pk])
    viewer = member.as_viewer()
    record_plays(viewer, [Play(first.pk, SEEN)])
    star(viewer, [Things(AlbumAnnotation, [str(first.album_ref_id)])], at=SEEN)
    set_rating(viewer, Things(ArtistAnnotation, [make_artist("Ada").pk]), 3)
    album = as_member.get(f"/api/album/{first.album_ref_id}").json()
    seen = "2026-02-02T03:04:05Z"
    assert {key: album[key] for key in ("playCount", "playDate", "starred", "starredAt")} == {
        "playCount": 1, "playDate": seen, "starred": True, "starredAt": seen,
    }  # fmt: skip
    assert "bookmarkPosition" not in album
    artist = as_member.get(f"/api/artist/{make_artist('Ada').pk}").json()
    assert (artist["playCount"], artist["rating"], artist["averageRating"]) == (1, 3, 3.0)
    assert "starred" not in artist

    def names(resource: str, query: str) -> list[str]:
        return [row["name"] for row in as_member.get(f"/api/{resource}?{query}").json()]

    assert names("album", "recently_played=true") == ["First"]
    assert names("album", "starred=true") == ["First"]
    assert names("album", "_sort=play_count&_order=DESC") == ["First", "Second"]
    assert names("album", "_sort=playDate&_order=DESC") == ["First", "Second"]
    assert names("artist", "has_rating=true") == ["Ada"]
    assert names("artist", "starred=false&_sort=name") == ["Ada", "Bo"]
    assert names("artist", "_sort=rating&_order=DESC") == ["Ada", "Bo"]
