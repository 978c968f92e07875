"""Bookmarks and the play queue: of each person alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from libraries.models import Library, MediaFile
from listening.models import Bookmark, PlayQueue
from tests.subsonic.conftest import Call, code, credentials
from tests.support.catalog import SEEN, make_track
from users.models import LibraryAccess, User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


@pytest.fixture
def songs(library: Library) -> list[str]:
    return [make_track(library, f"A/{number}.mp3", missing=False).pk for number in range(3)]


class TestBookmarks:
    def shown(self, call: Call, user: User) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = call("getBookmarks", user)["bookmarks"]["bookmark"]
        return found

    def test_one_for_each_song(self, call: Call, member: User, songs: list[str]) -> None:
        assert self.shown(call, member) == []
        assert call("createBookmark", member, id=songs[0], position=900, comment="here")["status"] == "ok"
        call("createBookmark", member, id=songs[1], position=5)
        call("createBookmark", member, id=songs[0], position=950)
        first, second = self.shown(call, member)
        assert (first["entry"]["id"], first["position"], first["username"]) == (songs[0], 950, "member")
        assert "comment" not in first
        assert first["entry"]["bookmarkPosition"] == 950
        assert second["entry"]["id"] == songs[1]
        assert Bookmark.objects.get(media_file=songs[0]).changed_by == "test"
        for _ in range(2):  # the second time there is nothing left to do
            assert call("deleteBookmark", member, id=songs[0])["status"] == "ok"
        assert [each["entry"]["id"] for each in self.shown(call, member)] == [songs[1]]

    def test_what_is_needed(self, call: Call, member: User, songs: list[str], hidden: str) -> None:
        assert code(call("createBookmark", member, id=songs[0])) == 10
        assert code(call("createBookmark", member, position=1)) == code(call("deleteBookmark", member)) == 10
        for pk in (hidden, "nope", "a-b"):
            assert code(call("createBookmark", member, id=pk, position=1)) == 70
        for position in ("-1", "x", "9" * 16):
            assert code(call("createBookmark", member, id=songs[0], position=position)) == 0
        assert not Bookmark.objects.exists()

    def test_nobody_sees_those_of_others(self, call: Call, member: User, admin: User, songs: list[str]) -> None:
        call("createBookmark", member, id=songs[0], position=1)
        assert self.shown(call, admin) == []
        call("deleteBookmark", admin, id=songs[0])
        assert len(self.shown(call, member)) == 1

    def test_a_song_that_cannot_be_played_now(
        self, call: Call, member: User, library: Library, songs: list[str]
    ) -> None:
        for pk in songs[:2]:
            call("createBookmark", member, id=pk, position=1)
        MediaFile.objects.filter(pk=songs[0]).update(missing=True, missing_since=SEEN)
        assert [each["entry"]["id"] for each in self.shown(call, member)] == [songs[1]]
        LibraryAccess.objects.filter(user=member).delete()
        assert self.shown(call, member) == []
        assert Bookmark.objects.count() == 2


class TestQueue:
    def get(self, call: Call, user: User) -> tuple[dict[str, Any], dict[str, Any]]:
        return call("getPlayQueue", user)["playQueue"], call("getPlayQueueByIndex", user)["playQueueByIndex"]

    def test_one_that_was_never_saved(self, call: Call, member: User) -> None:
        nothing = {"username": "member", "changed": "0001-01-01T00:00:00Z", "changedBy": ""}
        assert self.get(call, member) == (nothing, nothing)

    def test_both_doors_share_it(self, call: Call, member: User, songs: list[str]) -> None:
        saved = call("savePlayQueue", member, id=songs, current=songs[1], position=500, c="Phone")
        assert saved["status"] == "ok"
        queue, by_index = self.get(call, member)
        assert [song["id"] for song in queue["entry"]] == [song["id"] for song in by_index["entry"]] == songs
        assert (queue["current"], queue["position"], queue["changedBy"]) == (songs[1], 500, "Phone")
        assert (by_index["currentIndex"], by_index["position"]) == (1, 500)
        assert "currentIndex" not in queue
        assert "current" not in by_index
        # a song that is there twice is told apart by its place only
        call("savePlayQueueByIndex", member, id=[songs[0], songs[0]], currentIndex=1, position=7)
        queue, by_index = self.get(call, member)
        assert (queue["current"], by_index["currentIndex"], queue["position"]) == (songs[0], 1, 7)

    def test_a_queue_without_songs_is_forgotten(self, call: Call, member: User, songs: list[str]) -> None:
        for method in ("savePlayQueue", "savePlayQueueByIndex"):
            call("savePlayQueue", member, id=songs)
            assert call(method, member)["status"] == "ok"
            assert "entry" not in self.get(call, member)[0]
            assert not PlayQueue.objects.exists()

    def test_the_present_song_is_the_first_unless_it_is_named(self, call: Call, member: User, songs: list[str]) -> None:
        for given in ({}, {"current": "nope"}):
            call("savePlayQueue", member, id=songs, **given)
            assert self.get(call, member)[0]["current"] == songs[0]

    @pytest.mark.parametrize(("text", "expected"), [("1500.9", 1500), (" 7 ", 7), ("x", 0), ("-1", 0), ("", 0)])
    def test_the_position(self, call: Call, member: User, songs: list[str], text: str, expected: int) -> None:
        assert call("savePlayQueue", member, id=songs, position=text)["status"] == "ok"
        assert self.get(call, member)[0]["position"] == expected

    def test_a_long_one(self, member: User, songs: list[str]) -> None:
        """As a player saves it that plays everything at random."""
        known = {**credentials(member), "id": [*songs] * 2_000}
        saved = Client().post("/rest/savePlayQueue", known).json()["subsonic-response"]
        assert saved["status"] == "ok"
        queue = Client().get("/rest/getPlayQueue", credentials(member)).json()["subsonic-response"]["playQueue"]
        assert len(queue["entry"]) == len(songs) * 2_000

    def test_an_empty_id_is_no_song(self, call: Call, member: User, songs: list[str]) -> None:
        call("savePlayQueue", member, id=songs)
        assert call("savePlayQueue", member, id="")["status"] == "ok"
        assert "entry" not in call("getPlayQueue", member)["playQueue"]

    @pytest.mark.parametrize(("index", "expected"), [(None, 10), ("", 10), (3, 10), ("x", 0), ("-1", 0)])
    def test_a_place_that_is_none(
        self, call: Call, member: User, songs: list[str], index: object, expected: int
    ) -> None:
        call("savePlayQueueByIndex", member, id=songs, currentIndex=2)
        given = {} if index is None else {"currentIndex": index}
        assert code(call("savePlayQueueByIndex", member, id=songs[:3], **given)) == expected
        assert self.get(call, member)[1]["currentIndex"] == 2

    def test_the_place_follows_what_cannot_be_played(
        self, call: Call, member: User, songs: list[str], hidden: str
    ) -> None:
        call("savePlayQueueByIndex", member, id=[songs[0], hidden, songs[1], songs[2]], currentIndex=2)
        assert self.get(call, member)[1]["currentIndex"] == 1
        MediaFile.objects.filter(pk=songs[0]).update(missing=True, missing_since=SEEN)
        queue, by_index = self.get(call, member)
        assert [song["id"] for song in queue["entry"]] == songs[1:]
        assert (queue["current"], by_index["currentIndex"]) == (songs[1], 0)
        MediaFile.objects.filter(pk__in=songs).update(missing=True, missing_since=SEEN)
        assert all("entry" not in each for each in self.get(call, member))

    def test_nobody_sees_that_of_others(self, call: Call, member: User, admin: User, songs: list[str]) -> None:
        call("savePlayQueue", member, id=songs)
        assert "entry" not in self.get(call, admin)[0]
        call("savePlayQueue", admin)
        assert len(self.get(call, member)[0]["entry"]) == 3
