"""`/api/playlist/{id}/tracks`: songs at their places, which are their ids here."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from libraries.models import Library, LibraryArtist, MediaFile
from listening.models import Playlist, PlaylistTrack, TrackAnnotation
from listening.services.annotations import Things, set_rating, star
from listening.services.playlists import Added, add_tracks, move_track, remove_tracks
from listening.services.plays import Play, record_plays
from tests.listening.api.test_playlists import M3U, make_playlist
from tests.support.catalog import SEEN, make_artist, make_track
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


@pytest.fixture
def songs(library: Library) -> list[MediaFile]:
    """Four songs of one album."""
    return [
        make_track(
            library, f"A/{n}.mp3", title=f"Song {n}", order_title=f"song {n}", track_number=n, missing=n == 4,
            year=2000 - n,
        )
        for n in range(1, 5)
    ]  # fmt: skip


@pytest.fixture
def hidden(other_library: Library) -> MediaFile:
    return make_track(other_library, "B/h.mp3", title="Hidden", artist="Bo", album="Hidden", missing=False)


def titles(client: APIClient, playlist: Playlist | str, query: str = "") -> list[str]:
    pk = playlist if isinstance(playlist, str) else playlist.pk
    return [row["title"][-1] for row in client.get(f"/api/playlist/{pk}/tracks?{query}").json()]


def places(playlist: Playlist) -> list[tuple[int, str]]:
    rows = PlaylistTrack.objects.filter(playlist=playlist).order_by("position")
    return list(rows.values_list("position", "media_file__title"))


class TestReading:
    def test_keys(self, as_member: APIClient, member: User, songs: list[MediaFile]) -> None:
        playlist = make_playlist(member, "Mine", songs[1], songs[0], songs[1])
        listed = as_member.get(f"/api/playlist/{playlist.pk}/tracks")
        song = as_member.get(f"/api/song/{songs[1].pk}").json()
        assert listed["X-Total-Count"] == "3"
        assert listed.json()[2] == {**song, "id": "3", "mediaFileId": songs[1].pk, "playlistId": playlist.pk}
        assert as_member.get(f"/api/playlist/{playlist.pk}/tracks/3").json() == listed.json()[2]
        for place in ("4", "0", "x", "-1", "9" * 20):
            assert as_member.get(f"/api/playlist/{playlist.pk}/tracks/{place}").status_code == 404

    def test_pages_sorts_and_filters(
        self, as_member: APIClient, member: User, library: Library, songs: list[MediaFile]
    ) -> None:
        playlist = make_playlist(member, "Mine", *reversed(songs))
        viewer = member.as_viewer()
        record_plays(viewer, [Play(songs[2].pk, SEEN)])
        set_rating(viewer, Things(TrackAnnotation, [songs[1].pk]), 4)
        star(viewer, [Things(TrackAnnotation, [songs[0].pk])])
        assert titles(as_member, playlist) == ["4", "3", "2", "1"]
        assert titles(as_member, playlist, "_start=1&_end=3") == ["3", "2"]
        assert titles(as_member, playlist, "_start=0&_end=0") == ["4", "3", "2", "1"]
        assert titles(as_member, playlist, "_sort=id&_order=DESC") == ["1", "2", "3", "4"]
        assert titles(as_member, playlist, "_sort=title") == ["1", "2", "3", "4"]
        assert titles(as_member, playlist, "_sort=album") == ["1", "2", "3", "4"]
        assert titles(as_member, playlist, "_sort=year") == ["4", "3", "2", "1"]
        assert titles(as_member, playlist, "_sort=play_count&_order=DESC")[0] == "3"
        assert titles(as_member, playlist, "_sort=playDate&_order=DESC")[0] == "3"
        assert titles(as_member, playlist, "_sort=rating&_order=DESC")[0] == "2"
        assert titles(as_member, playlist, "_sort=starred_at&_order=DESC")[0] == "1"
        assert titles(as_member, playlist, "missing=false") == ["3", "2", "1"]
        assert titles(as_member, playlist, "missing=true") == ["4"]
        assert titles(as_member, playlist, f"library_id={library.pk}&library_id=99") == ["4", "3", "2", "1"]
        assert titles(as_member, playlist, "library_id=99") == []
        assert as_member.get(f"/api/playlist/{playlist.pk}/tracks?library_id=x").status_code == 400
        seeded = titles(as_member, playlist, "_sort=random&seed=1")
        assert titles(as_member, playlist, "_sort=random&seed=1&_start=1&_end=3") == seeded[1:3]
        assert sorted(seeded) == ["1", "2", "3", "4"]

    def test_nothing_of_other_libraries(
        self, as_member: APIClient, as_admin: APIClient, admin: User, songs: list[MediaFile], hidden: MediaFile
    ) -> None:
        playlist = make_playlist(admin, "All", hidden, songs[0], hidden, public=True)
        listed = as_member.get(f"/api/playlist/{playlist.pk}/tracks")
        assert listed["X-Total-Count"] == "1"
        assert [(row["id"], row["title"]) for row in listed.json()] == [("2", "Song 1")]
        assert as_member.get(f"/api/playlist/{playlist.pk}/tracks/1").status_code == 404
        text = as_member.get(f"/api/playlist/{playlist.pk}/tracks", HTTP_ACCEPT=M3U).content.decode()
        assert "Hidden" not in text
        assert text.count("#EXTINF") == 1
        assert len(as_admin.get(f"/api/playlist/{playlist.pk}/tracks").json()) == 3

    def test_of_whom_it_is_none_of_their_business(
        self, as_member: APIClient, admin: User, songs: list[MediaFile]
    ) -> None:
        private = make_playlist(admin, "Private", *songs)
        address = f"/api/playlist/{private.pk}/tracks"
        assert as_member.get(address).status_code == 404
        assert as_member.get(f"{address}/1").status_code == 404
        assert as_member.post(address, {"ids": [songs[0].pk]}).status_code == 404
        assert as_member.delete(f"{address}?id=1").status_code == 404
        Playlist.objects.update(public=True)
        assert as_member.get(address).status_code == 200
        assert as_member.post(address, {"ids": [songs[0].pk]}).status_code == 403
        assert as_member.delete(f"{address}?id=1").status_code == 403
        assert as_member.put(f"{address}/1", {"insert_before": "2"}).status_code == 403
        assert len(places(private)) == 4

    def test_export(self, as_member: APIClient, member: User, library: Library, songs: list[MediaFile]) -> None:
        playlist = make_playlist(member, 'Odd: "a/b"\n', songs[0])
        answer = as_member.get(f"/api/playlist/{playlist.pk}/tracks", HTTP_ACCEPT=f"{M3U}, */*")
        assert answer["Content-Type"] == M3U
        assert answer["Content-Disposition"] == 'attachment; filename="Odd_ _a_b__.m3u"'
        assert answer.content.decode() == (
            f'#EXTM3U\n#PLAYLIST:Odd: "a/b" \n#EXTINF:2,Ada - Song 1\n{library.path}/A/1.mp3\n'
        )

    def test_queries(self, as_member: APIClient, member: User, songs: list[MediaFile]) -> None:
        asked = []
        for count in (2, 40):
            playlist = make_playlist(member, "x", *(songs * count))
            as_member.get(f"/api/playlist/{playlist.pk}/tracks")
            with CaptureQueriesContext(connection) as captured:
                as_member.get(f"/api/playlist/{playlist.pk}/tracks")
            asked.append(len(captured))
        assert asked[0] == asked[1] < 13


class TestWriting:
    def test_adding(
        self, as_member: APIClient, member: User, library: Library, songs: list[MediaFile], hidden: MediaFile
    ) -> None:
        LibraryArtist.objects.create(library=library, artist=make_artist("Ada"), song_count=3)
        second = make_track(library, "A/d2.mp3", title="Disc 2", disc_number=2, missing=False)
        playlist = make_playlist(member, "Mine")
        address = f"/api/playlist/{playlist.pk}/tracks"

        def add(**body: Any) -> int:
            return int(as_member.post(address, body).json()["added"])

        assert add(ids=[songs[1].pk, songs[1].pk, "nope", hidden.pk, songs[3].pk]) == 3
        assert titles(as_member, playlist) == ["2", "2", "4"]
        assert add(albumIds=[songs[0].album_ref_id, hidden.album_ref_id]) == 4
        assert titles(as_member, playlist, "_start=3") == ["1", "2", "3", "2"]
        assert add(artistIds=[make_artist("Ada").pk, make_artist("Bo").pk]) == 4
        assert add(discs=[{"albumId": second.album_ref_id, "discNumber": 2, "releaseDate": "x"}]) == 1
        assert add(discs=[{"albumId": second.album_ref_id, "discNumber": 1}]) == 3
        assert add() == add(ids=None) == 0
        assert [position for position, _ in places(playlist)] == list(range(1, 16))
        assert as_member.post(address, {"ids": "x"}).status_code == 400
        assert as_member.post("/api/playlist/nope/tracks", {}).status_code == 404

    def test_moving_as_recorded(self, as_member: APIClient, member: User, songs: list[MediaFile]) -> None:
        """`insert_before` is the place that the song has then."""
        playlist = make_playlist(member, "Mine", *songs)
        address = f"/api/playlist/{playlist.pk}/tracks"
        assert as_member.put(f"{address}/1", {"insert_before": "4"}).json() == {"id": "1"}
        assert titles(as_member, playlist) == ["2", "3", "4", "1"]
        as_member.put(f"{address}/4", {"insert_before": "1"})
        assert titles(as_member, playlist) == ["1", "2", "3", "4"]
        as_member.put(f"{address}/1", {"insert_before": "999"})
        assert titles(as_member, playlist) == ["2", "3", "4", "1"]
        assert [position for position, _ in places(playlist)] == [1, 2, 3, 4]
        for place, body in (("1", {"insert_before": 2}), ("1", {"insert_before": "0"}), ("1", {}), ("1", "x")):
            assert as_member.put(f"{address}/{place}", body).status_code == 400, body
        assert as_member.put(f"{address}/0", {"insert_before": "2"}).status_code == 404
        assert as_member.put(f"{address}/9", {"insert_before": "2"}).status_code == 404

    def test_removing(self, as_member: APIClient, member: User, songs: list[MediaFile]) -> None:
        playlist = make_playlist(member, "Mine", *songs)
        address = f"/api/playlist/{playlist.pk}/tracks"
        assert as_member.delete(f"{address}?id=1&id=3").json() == {"ids": ["1", "3"]}
        assert titles(as_member, playlist) == ["2", "4"]
        assert as_member.delete(f"{address}?id=99").json() == {"id": "99"}
        assert as_member.delete(address).json() == {"ids": []}
        assert as_member.delete(f"{address}/2").json() == {"id": "2"}
        assert titles(as_member, playlist) == ["2"]

    @pytest.mark.parametrize("fields", [{"rules": {"all": []}}, {"sync": True}], ids=["smart", "file"])
    def test_those_that_follow_something(
        self, as_member: APIClient, member: User, library: Library, songs: list[MediaFile], fields: dict[str, Any]
    ) -> None:
        playlist = make_playlist(member, "Mine", *songs[:2], library=library, file_key="x", **fields)
        address = f"/api/playlist/{playlist.pk}/tracks"
        assert as_member.post(address, {"ids": [songs[0].pk]}).status_code == 409
        assert as_member.delete(f"{address}?id=1").status_code == 409
        assert as_member.put(f"{address}/1", {"insert_before": "2"}).status_code == 409
        assert len(places(playlist)) == 2


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(st.integers(0, 3), max_size=4)),
        st.tuples(st.just("remove"), st.lists(st.integers(0, 9), max_size=4)),
        st.tuples(st.just("move"), st.tuples(st.integers(1, 9), st.integers(1, 12))),
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_a_playlist_is_a_list(member: User, songs: list[MediaFile], steps: list[tuple[str, Any]]) -> None:
    """Whatever is added, removed and moved: the same as in a list of Python, at places from 1 without a gap."""
    viewer, ids = member.as_viewer(), [song.pk for song in songs]
    playlist = make_playlist(member, "Mine")
    model: list[str] = []
    for step, values in steps:
        if step == "add":
            add_tracks(viewer, playlist.pk, Added(track_ids=[ids[n] for n in values]))
            model += [ids[n] for n in values]
        elif step == "remove":
            remove_tracks(viewer, playlist.pk, values)
            model = [pk for place, pk in enumerate(model, 1) if place not in values]
        elif values[0] <= len(model):
            move_track(viewer, playlist.pk, *values)
            model.insert(values[1] - 1, model.pop(values[0] - 1))
        rows = PlaylistTrack.objects.filter(playlist=playlist).order_by("position")
        assert list(rows.values_list("position", "media_file_id")) == list(enumerate(model, 1))
