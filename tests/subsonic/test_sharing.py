"""Shares by the protocol."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from libraries.gathering import gather
from libraries.models import Album, Library, LibraryArtist, MediaFile
from listening.models import Playlist, PlaylistTrack, Share
from tests.conftest import Configure
from tests.subsonic.conftest import Call, code, credentials
from tests.support.catalog import SEEN, make_track
from users.models import LibraryAccess, User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

MS_2030 = 1_893_456_000_000


@pytest.fixture(autouse=True)
def sharing(configure: Configure) -> None:
    configure(enable_sharing=True)


@pytest.fixture
def songs(library: Library) -> list[MediaFile]:
    found = [make_track(library, f"A/{number}.mp3", missing=False) for number in range(3)]
    gather([library.pk])
    Album.objects.update(song_count=3)  # as a scan counts them
    return found


def make(call: Call, user: User, *ids: str, **more: Any) -> dict[str, Any]:
    (share,) = call("createShare", user, id=list(ids), **more)["shares"]["share"]
    return dict(share)


def listed(call: Call, user: User) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call("getShares", user)["shares"]["share"]
    return found


def test_songs(call: Call, member: User, songs: list[MediaFile]) -> None:
    share = make(call, member, songs[1].pk, songs[0].pk, description="two", expires=MS_2030)
    assert share["url"] == f"http://testserver/share/{share['id']}"
    assert (share["username"], share["description"], share["visitCount"]) == ("member", "two", 0)
    assert share["expires"].startswith("2030-01-01T00:00:00")
    assert [song["id"] for song in share["entry"]] == [songs[1].pk, songs[0].pk]
    assert listed(call, member) == [share]


def test_an_album_is_a_directory_and_a_playlist_its_songs(call: Call, member: User, songs: list[MediaFile]) -> None:
    (entry,) = make(call, member, str(songs[0].album_ref_id))["entry"]
    assert (entry["id"], entry["isDir"]) == (songs[0].album_ref_id, True)
    playlist = Playlist.objects.create(owner=member, name="P", updated_at=SEEN)
    PlaylistTrack.objects.create(playlist=playlist, position=1, media_file=songs[2])
    (entry,) = make(call, member, playlist.pk)["entry"]
    assert (entry["id"], entry["isDir"]) == (songs[2].pk, False)
    both = make(call, member, str(songs[0].album_ref_id), playlist.pk)["entry"]
    assert {(entry["id"], entry["isDir"]) for entry in both} == {(song.pk, False) for song in songs}
    assert len(listed(call, member)) == 3


def test_changes(call: Call, member: User, songs: list[MediaFile]) -> None:
    pk = make(call, member, songs[0].pk, description="old")["id"]
    a_year = timezone.now() + timedelta(days=365)
    assert abs(Share.objects.get().expires_at - a_year) < timedelta(minutes=1)
    assert call("updateShare", member, id=pk, description="new", expires=MS_2030)["status"] == "ok"
    (share,) = listed(call, member)
    assert (share["description"], share["expires"][:4]) == ("new", "2030")
    call("updateShare", member, id=pk, expires=0)
    (share,) = listed(call, member)
    assert (share["description"], share["expires"][:4]) == ("new", "9999")
    call("updateShare", member, id=pk, expires=f"{MS_2030}.0")  # as clients send it that divide
    assert listed(call, member)[0]["expires"][:4] == "2030"
    for wrong in ("soon", "9" * 15):
        assert code(call("updateShare", member, id=pk, expires=wrong)) == 0
    assert call("deleteShare", member, id=pk)["status"] == "ok"
    assert code(call("deleteShare", member, id=pk)) == code(call("updateShare", member, id=pk)) == 70
    assert code(call("deleteShare", member)) == code(call("updateShare", member)) == 10


def test_those_of_others(call: Call, member: User, outsider: User, admin: User, songs: list[MediaFile]) -> None:
    share = make(call, member, songs[0].pk)
    assert listed(call, outsider) == []
    assert code(call("updateShare", outsider, id=share["id"], description="x")) == 70
    assert code(call("deleteShare", outsider, id=share["id"])) == 70
    assert listed(call, admin) == [share]
    assert call("deleteShare", admin, id=share["id"])["status"] == "ok"


def test_what_cannot_be_shared(call: Call, member: User, songs: list[MediaFile], other_library: Library) -> None:
    hidden = make_track(other_library, "A/secret.mp3", missing=False)
    for ids in ([hidden.pk], [songs[0].pk, "nope"], ["a-b"]):
        assert code(call("createShare", member, id=ids)) == 70
    assert code(call("createShare", member)) == code(call("createShare", member, id="")) == 10
    assert not Share.objects.exists()


@pytest.mark.parametrize("kind", ["song", "album"])
def test_a_share_shows_no_more_than_its_owner_and_the_caller_can_access(
    call: Call, member: User, admin: User, songs: list[MediaFile], kind: str
) -> None:
    make(call, member, songs[0].pk if kind == "song" else str(songs[0].album_ref_id))
    LibraryAccess.objects.filter(user=member).delete()
    assert [share["entry"] for share in listed(call, member) + listed(call, admin)] == [[], []]


def test_switched_off(call: Call, member: User, songs: list[MediaFile], configure: Configure) -> None:
    configure(enable_sharing=False)
    assert code(call("createShare", member, id=songs[0].pk)) == 50
    assert listed(call, member) == []


def test_more_shares_take_no_more_queries(
    call: Call, member: User, songs: list[MediaFile], django_assert_num_queries: Any
) -> None:
    playlist = Playlist.objects.create(owner=member, name="P", updated_at=SEEN)
    PlaylistTrack.objects.create(playlist=playlist, position=1, media_file=songs[2])
    artist = songs[0].artists.all()[0]
    LibraryArtist.objects.update_or_create(library=songs[0].library, artist=artist, defaults={"song_count": 3})
    things = [songs[0].pk, str(songs[0].album_ref_id), playlist.pk, artist.pk]
    query = credentials(member)

    def share_all() -> list[list[str]]:
        for pk in things:
            make(call, member, pk)
        answer = Client().get("/rest/getShares", query).json()["subsonic-response"]
        return [[entry["id"] for entry in share["entry"]] for share in answer["shares"]["share"]]

    every = [song.pk for song in songs]
    one = [every, [songs[2].pk], [str(songs[0].album_ref_id)], [songs[0].pk]]
    assert share_all() == one
    with CaptureQueriesContext(connection) as captured:
        Client().get("/rest/getShares", query)
    before = len(captured)
    for count in (2, 3):
        assert share_all() == one * count
    with django_assert_num_queries(before):
        Client().get("/rest/getShares", query)
