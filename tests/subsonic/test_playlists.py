"""Playlists by the protocol: the rules are those of `/api/playlist`."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from libraries.models import Library, MediaFile
from listening.models import Playlist
from tests.subsonic.conftest import Call, code, credentials
from tests.support.catalog import SEEN, make_track
from users.models import LibraryAccess, User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


@pytest.fixture
def songs(library: Library) -> list[str]:
    """Four songs of 2.5 seconds that the member can access."""
    return [make_track(library, f"A/{number}.mp3", missing=False).pk for number in range(4)]


def entries(call: Call, user: User, pk: str) -> list[str]:
    playlist = call("getPlaylist", user, id=pk)["playlist"]
    assert playlist["songCount"] == len(playlist["entry"])
    return [song["id"] for song in playlist["entry"]]


def make(call: Call, user: User, ids: list[str], name: str = "Mix") -> str:
    return str(call("createPlaylist", user, name=name, songId=ids)["playlist"]["id"])


def share_with_all(call: Call, user: User, pk: str) -> None:
    assert call("updatePlaylist", user, playlistId=pk, public="true")["status"] == "ok"


class TestCreate:
    def test_the_answer_is_the_new_playlist(self, call: Call, member: User, songs: list[str], hidden: str) -> None:
        made = call("createPlaylist", member, name="Mix", songId=[songs[1], "nope", hidden, songs[0], songs[1]])
        shown = made["playlist"]
        assert [song["id"] for song in shown["entry"]] == [songs[1], songs[0], songs[1]]
        assert (shown["name"], shown["owner"], shown["public"], shown["readonly"]) == ("Mix", "member", False, False)
        assert (shown["songCount"], shown["duration"]) == (3, 7)
        assert shown["coverArt"] == f"pl-{shown['id']}"
        assert call("getPlaylist", member, id=shown["id"])["playlist"] == shown
        assert call("createPlaylist", member, name="Empty")["playlist"]["entry"] == []

    def test_with_an_id_the_songs_are_replaced_and_the_name_stays(
        self, call: Call, member: User, songs: list[str]
    ) -> None:
        pk = make(call, member, songs)
        shown = call("createPlaylist", member, playlistId=pk, name="Other", songId=[songs[3], songs[3]])["playlist"]
        assert (shown["id"], shown["name"]) == (pk, "Mix")
        assert [song["id"] for song in shown["entry"]] == [songs[3], songs[3]]
        assert Playlist.objects.count() == 1

    def test_a_name_or_an_id_is_needed(self, call: Call, member: User, songs: list[str]) -> None:
        for given in ({}, {"name": ""}, {"playlistId": ""}):
            assert code(call("createPlaylist", member, songId=songs, **given)) == 10
        assert code(call("createPlaylist", member, playlistId="nope")) == 70
        assert not Playlist.objects.exists()


class TestUpdate:
    def test_fields(self, call: Call, member: User, songs: list[str]) -> None:
        pk = make(call, member, songs)
        call("updatePlaylist", member, playlistId=pk, name="New", comment="words", public="true")
        shown = call("getPlaylist", member, id=pk)["playlist"]
        assert (shown["name"], shown["comment"], shown["public"]) == ("New", "words", True)
        call("updatePlaylist", member, playlistId=pk, name="", comment="")
        shown = call("getPlaylist", member, id=pk)["playlist"]
        assert (shown["name"], "comment" in shown, shown["public"]) == ("New", False, True)
        call("updatePlaylist", member, playlistId=pk, public="false")
        assert call("getPlaylist", member, id=pk)["playlist"]["public"] is False

    def test_indexes_are_those_before_the_call(self, call: Call, member: User, songs: list[str], hidden: str) -> None:
        pk = make(call, member, songs)
        changes = {"songIndexToRemove": [0, 2, 99, "x"], "songIdToAdd": [songs[0], hidden, songs[0]]}
        assert call("updatePlaylist", member, playlistId=pk, **changes)["status"] == "ok"
        assert entries(call, member, pk) == [songs[1], songs[3], songs[0], songs[0]]

    def test_indexes_count_what_the_caller_sees(
        self, call: Call, admin: User, member: User, other_library: Library, songs: list[str], hidden: str
    ) -> None:
        """A reader who may not see a song, or whose file is missing, must not remove another one instead."""
        LibraryAccess.objects.create(user=member, library=other_library)
        pk = make(call, member, [hidden, songs[0], songs[1], songs[2]])
        LibraryAccess.objects.filter(user=member, library=other_library).delete()
        MediaFile.objects.filter(pk=songs[0]).update(missing=True, missing_since=SEEN)
        assert entries(call, member, pk) == [songs[1], songs[2]]
        call("updatePlaylist", member, playlistId=pk, songIndexToRemove=0)
        assert entries(call, member, pk) == [songs[2]]
        MediaFile.objects.filter(pk=songs[0]).update(missing=False, missing_since=None)
        assert entries(call, admin, pk) == [hidden, songs[0], songs[2]]

    def test_all_or_nothing(self, call: Call, member: User, songs: list[str]) -> None:
        pk = make(call, member, songs)
        assert code(call("updatePlaylist", member, playlistId=pk, name="x" * 300, songIndexToRemove=0)) == 0
        assert entries(call, member, pk) == songs

    @pytest.mark.parametrize("fields", [{"rules": {"all": []}}, {"sync": True, "file_path": "a.m3u"}])
    def test_songs_that_follow_from_elsewhere(
        self, call: Call, member: User, library: Library, songs: list[str], fields: dict[str, Any]
    ) -> None:
        more = {"library": library} if "sync" in fields else {}
        row = Playlist.objects.create(owner=member, name="Fixed", updated_at=SEEN, **fields, **more)
        assert code(call("updatePlaylist", member, playlistId=row.pk, songIdToAdd=songs[0])) == 50
        assert code(call("updatePlaylist", member, playlistId=row.pk, name="N", songIndexToRemove=0)) == 50
        assert code(call("createPlaylist", member, playlistId=row.pk, songId=songs[0])) == 50
        assert call("updatePlaylist", member, playlistId=row.pk, comment="c")["status"] == "ok"
        shown = call("getPlaylist", member, id=row.pk)["playlist"]
        assert (shown["name"], shown["comment"], shown["readonly"]) == ("Fixed", "c", True)


class TestWhoMay:
    def test_a_private_one_of_another(self, call: Call, member: User, outsider: User, songs: list[str]) -> None:
        pk = make(call, member, songs)
        for method, name in (("getPlaylist", "id"), ("deletePlaylist", "id"), ("updatePlaylist", "playlistId")):
            assert code(call(method, outsider, **{name: pk})) == 70
        assert call("getPlaylists", outsider)["playlists"] == {"playlist": []}

    def test_a_public_one_is_read_only(self, call: Call, member: User, outsider: User, songs: list[str]) -> None:
        pk = make(call, member, songs)
        share_with_all(call, member, pk)
        shown = call("getPlaylist", outsider, id=pk)["playlist"]
        # without the songs of libraries that are not the reader's
        assert (shown["songCount"], shown["entry"], shown["readonly"]) == (0, [], True)
        assert code(call("updatePlaylist", outsider, playlistId=pk, name="x")) == 50
        assert code(call("createPlaylist", outsider, playlistId=pk)) == 50
        assert code(call("deletePlaylist", outsider, id=pk)) == 50
        assert entries(call, member, pk) == songs

    def test_an_admin(self, call: Call, admin: User, member: User, songs: list[str]) -> None:
        pk = make(call, member, songs)
        assert call("updatePlaylist", admin, playlistId=pk, songIndexToRemove=3)["status"] == "ok"
        assert entries(call, member, pk) == songs[:3]
        assert call("deletePlaylist", admin, id=pk)["status"] == "ok"
        assert code(call("deletePlaylist", member, id=pk)) == 70


class TestList:
    def test_in_order_of_names(self, call: Call, admin: User, member: User, songs: list[str]) -> None:
        for name in ("b", "A"):
            make(call, member, songs, name)
        make(call, admin, songs[:1], "C")
        shown = call("getPlaylists", member)["playlists"]["playlist"]
        assert [(each["name"], each["songCount"]) for each in shown] == [("A", 4), ("b", 4)]
        assert all("entry" not in each for each in shown)
        assert [each["name"] for each in call("getPlaylists", admin)["playlists"]["playlist"]] == ["A", "b", "C"]

    def test_of_another_account(self, call: Call, admin: User, member: User, songs: list[str]) -> None:
        make(call, member, songs, "Mine")
        share_with_all(call, admin, make(call, admin, songs, "Public"))
        make(call, admin, songs, "Theirs")

        def names(user: User, name: str) -> list[str]:
            return [each["name"] for each in call("getPlaylists", user, username=name)["playlists"]["playlist"]]

        assert names(admin, "MEMBER") == names(member, "Member") == ["Mine", "Public"]
        assert code(call("getPlaylists", member, username=admin.username)) == 50
        assert code(call("getPlaylists", member, username="nope")) == 50
        assert code(call("getPlaylists", admin, username="nope")) == 70

    def test_the_queries_do_not_grow(
        self, call: Call, member: User, songs: list[str], django_assert_max_num_queries: Any
    ) -> None:
        query = credentials(member)
        for number in range(20):
            make(call, member, songs, str(number))
        Client().get("/rest/getPlaylists", query)
        with django_assert_max_num_queries(8):
            answer = Client().get("/rest/getPlaylists", query).json()["subsonic-response"]
        assert len(answer["playlists"]["playlist"]) == 20


def test_a_smart_playlist_is_chosen_when_it_is_read(call: Call, member: User, songs: list[str]) -> None:
    rules = {"all": [{"is": {"title": "2"}}]}
    row = Playlist.objects.create(owner=member, name="Smart", updated_at=SEEN, rules=rules)
    assert entries(call, member, row.pk) == [songs[2]]
