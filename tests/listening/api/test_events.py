"""What `/api/events` tells of what people add: each what concerns things that its viewer can see."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from libraries.events.hub import Hub
from libraries.models import Library, LibraryArtist, MediaFile
from listening.choices import PlaybackState
from listening.models import Player, Playlist, PlaylistAnnotation, Share, TrackAnnotation
from listening.services import now_playing
from listening.services.annotations import Things, set_rating, star, unstar
from listening.services.news import MOST_IDS, NewsLog, Told, tell_own, tell_playing
from listening.services.plays import Play, record_plays
from tests.conftest import Configure
from tests.libraries.api.test_refresh_events import Listeners
from tests.support.catalog import SEEN, make_track
from tests.support.event_streams import Stream
from users import api_keys
from users.models import User, Viewer

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

Committing = Callable[..., AbstractContextManager[Any]]


@pytest.fixture
def committing(django_capture_on_commit_callbacks: Any) -> Committing:
    """What the body of this context waits to do until its transaction ends is done at its end."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def song(library: Library) -> MediaFile:
    return make_track(library, "A/1.mp3", missing=False, duration=100.0)


class TestThings:
    def test_what_is_for_everybody(self, admin: User, member: User, as_admin: APIClient) -> None:
        listeners = Listeners(admin, member)
        as_admin.post("/api/radio", {"name": "R", "streamUrl": "https://radio.example/"})
        assert listeners.told() == [[{"radio": ["*"]}]] * 2

    def test_playlists_are_told_to_who_can_see_them(
        self, admin: User, member: User, outsider: User, as_member: APIClient, song: MediaFile
    ) -> None:
        listeners = Listeners(admin, member, outsider)
        new = [{"playlist": ["*"]}]
        pk = as_member.post("/api/playlist", {"name": "Secret"}).json()["id"]
        assert listeners.told() == [new, new, []]
        as_member.post(f"/api/playlist/{pk}/tracks", {"ids": [song.pk]})
        changed = [{"playlist": [pk]}]
        assert listeners.told() == [changed, changed, []]
        as_member.put(f"/api/playlist/{pk}", {"public": True})
        assert listeners.told() == [new, new, new]
        as_member.put(f"/api/playlist/{pk}", {"name": "Open"})
        assert listeners.told() == [changed, changed, changed]
        as_member.put(f"/api/playlist/{pk}", {"public": False})
        assert listeners.told() == [new, new, new]
        as_member.delete(f"/api/playlist/{pk}")
        assert listeners.told() == [new, new, []]
        as_member.get("/api/playlist")
        assert listeners.told() == [[], [], []]

    def test_a_playlist_that_is_given_away(
        self, admin: User, member: User, outsider: User, as_admin: APIClient
    ) -> None:
        playlist = Playlist.objects.create(owner=member, updated_at=SEEN)
        listeners = Listeners(admin, member, outsider)
        as_admin.put(f"/api/playlist/{playlist.pk}", {"ownerId": outsider.pk})
        assert listeners.told() == [[{"playlist": ["*"]}]] * 3

    def test_shares_are_told_to_their_owners(
        self, admin: User, member: User, outsider: User, as_member: APIClient, song: MediaFile, configure: Configure
    ) -> None:
        configure(enable_sharing=True)
        listeners = Listeners(admin, member, outsider)
        as_member.post("/api/share", {"resourceIds": song.pk})
        assert listeners.told() == [[{"share": ["*"]}], [{"share": ["*"]}], []]
        pk = Share.objects.get().pk
        as_member.put(f"/api/share/{pk}", {"description": "d"})
        assert listeners.told() == [[{"share": [pk]}], [{"share": [pk]}], []]
        as_member.delete(f"/api/share/{pk}")
        assert listeners.told() == [[{"share": ["*"]}], [{"share": ["*"]}], []]


class TestNotes:
    def test_what_a_person_notes_is_told_to_that_person(
        self, admin: User, member: User, song: MediaFile, committing: Committing
    ) -> None:
        listeners = Listeners(admin, member)
        viewer, things = member.as_viewer(), Things(TrackAnnotation, [song.pk])
        artist = song.artists.all()[0]
        LibraryArtist.objects.create(library=song.library, artist=artist, song_count=1)
        told = [[], [{"song": [song.pk]}]]
        with committing():
            star(viewer, [things])
        assert listeners.told() == told
        with committing():
            set_rating(viewer, things, 4)
        assert listeners.told() == told
        with committing():
            unstar(viewer, [things])
        assert listeners.told() == told
        with committing():
            record_plays(viewer, [Play(song.pk, SEEN)])
        played = {"album": [str(song.album_ref_id)], "artist": [artist.pk], "song": [song.pk]}
        assert listeners.told() == [[], [played]]
        assert listeners.told() == [[], []]

    def test_favourite_playlists(self, member: User, committing: Committing) -> None:
        playlist = Playlist.objects.create(owner=member, updated_at=SEEN)
        listeners = Listeners(member)
        with committing():
            star(member.as_viewer(), [Things(PlaylistAnnotation, [playlist.pk])])
        assert listeners.told() == [[{"playlist": [playlist.pk]}]]

    def test_not_before_it_is_there_for_all_to_read(self, member: User, song: MediaFile) -> None:
        listeners = Listeners(member)
        star(member.as_viewer(), [Things(TrackAnnotation, [song.pk])])
        assert listeners.told() == [[]]

    def test_a_key_for_some_libraries_learns_nothing_of_others(
        self, admin: User, library: Library, other_library: Library, committing: Committing
    ) -> None:
        hidden = make_track(other_library, "A/1.mp3", missing=False)
        key = api_keys.create_key(admin, name="k", scope="manage", library_ids=[library.pk])[0]
        hub = Hub(threaded=False)
        whole, confined = Stream.of(hub, admin.as_viewer()), Stream.of(hub, Viewer(admin, key))
        hub.tick()
        whole.so_far()
        confined.so_far()
        with committing():
            star(admin.as_viewer(), [Things(TrackAnnotation, [hidden.pk])])
        hub.tick()
        assert [event.data for event in whole.so_far()] == [{"song": [hidden.pk]}]
        assert confined.so_far() == []

    def test_many_are_told_as_all(self, member: User, committing: Committing) -> None:
        listeners = Listeners(member)
        with committing():
            tell_own(member.pk, TrackAnnotation, [str(number) for number in range(MOST_IDS + 1)])
        assert listeners.told() == [[{"song": ["*"]}]]


class TestNowPlaying:
    @pytest.fixture
    def player(self, member: User) -> Player:
        return Player.objects.create(user=member, name="p", client="p")

    @staticmethod
    def counts(listeners: Listeners) -> list[list[int]]:
        listeners.hub.tick()
        return [
            [event.data["count"] for event in stream.so_far() if event.name == "nowPlayingCount"]
            for stream in listeners.streams
        ]

    def test_how_many_listen_to_what_the_viewer_can_access(
        self, admin: User, member: User, outsider: User, player: Player, song: MediaFile
    ) -> None:
        listeners, viewer = Listeners(admin, member, outsider), member.as_viewer()

        def tell(state: str, position: int) -> list[list[int]]:
            now_playing.report(viewer, player, now_playing.Report(song.pk, state, position, counts=False))
            return self.counts(listeners)

        # accounts without access to the song are not told when it begins or ends
        assert tell(PlaybackState.STARTING, 0) == [[1], [1], []]
        # a player that says where it is changes nothing
        assert tell(PlaybackState.PLAYING, 5_000) == [[], [], []]
        assert tell(PlaybackState.STOPPED, 9_000) == [[0], [0], []]
        assert self.counts(listeners) == [[], [], []]

    def test_a_player_that_is_heard_of_no_more(self, member: User, player: Player, song: MediaFile) -> None:
        listeners = Listeners(member)
        assert now_playing.set_now_playing(member.as_viewer(), player, song.pk)
        assert self.counts(listeners) == [[1]]
        entry = cache.get(now_playing.key_of(player.pk))
        cache.set(now_playing.key_of(player.pk), {**entry, "ends": time.time() + 0.2})
        tell_playing()
        assert self.counts(listeners) == [[]]
        time.sleep(0.25)
        assert self.counts(listeners) == [[0]]


class TestLog:
    def test_a_cache_that_was_emptied(self) -> None:
        log = NewsLog()
        tell_playing()
        assert log.look() == []
        tell_playing()
        assert log.look() == [Told("")]
        cache.clear()
        tell_playing()
        assert log.look() == [Told("")]
        cache.clear()
        assert log.look() == []
        tell_playing()
        assert log.look() == [Told("")]

    def test_an_entry_that_comes_after_its_number(self) -> None:
        log = NewsLog()
        log.look()
        cache.set("listening-news", 2)
        cache.set("listening-news:2", ["a", "album", ["x"]])
        assert log.look() == [Told("a", "album", ("x",))]
        cache.set("listening-news:1", ["a", "album", ["y"]])
        assert log.look() == [Told("a", "album", ("y",))]
        assert log.look() == []
