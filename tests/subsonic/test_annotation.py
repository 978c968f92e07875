"""Favourites, ratings and plays, as players send them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from libraries.models import Library, LibraryArtist, MediaFile
from listening.models import (
    AlbumAnnotation,
    ArtistAnnotation,
    Player,
    Playlist,
    PlaylistAnnotation,
    Scrobble,
    TrackAnnotation,
)
from listening.services.now_playing import listeners
from tests.subsonic.conftest import OK, Call, code
from tests.support.catalog import SEEN, make_artist, make_track
from users import api_keys
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

MS = int(SEEN.timestamp() * 1000)


@pytest.fixture
def song(library: Library) -> MediaFile:
    """A song of 100 seconds."""
    LibraryArtist.objects.create(library=library, artist=make_artist("Ada"), song_count=1)
    return make_track(library, "A/1.mp3", missing=False, duration=100)


@pytest.fixture
def hidden(other_library: Library) -> MediaFile:
    return make_track(other_library, "A/1.mp3", missing=False)


def test_stars(call: Call, member: User, song: MediaFile, hidden: MediaFile) -> None:
    playlist = Playlist.objects.create(owner=member, updated_at=SEEN)
    ids = [song.pk, playlist.pk, "nope", hidden.pk]
    assert call("star", member, id=ids, albumId=song.album_ref_id, artistId=make_artist("Ada").pk)["status"] == "ok"
    for notes in (TrackAnnotation, AlbumAnnotation, ArtistAnnotation, PlaylistAnnotation):
        assert notes._default_manager.get().starred_at is not None
    call("unstar", member, id=[song.pk, str(song.album_ref_id)])
    assert TrackAnnotation.objects.get().starred_at is None
    assert AlbumAnnotation.objects.get().starred_at is None
    for nothing in ({}, {"id": ""}, {"albumId": ["", ""]}):
        assert code(call("star", member, **nothing)) == code(call("unstar", member, **nothing)) == 10


def test_ratings(call: Call, member: User, song: MediaFile, hidden: MediaFile) -> None:
    assert call("setRating", member, id=song.pk, rating=4)["status"] == "ok"
    assert call("setRating", member, id=str(song.album_ref_id), rating=5)["status"] == "ok"
    assert (TrackAnnotation.objects.get().rating, AlbumAnnotation.objects.get().rating) == (4, 5)
    assert call("setRating", member, id=song.pk, rating=0)["status"] == "ok"
    assert TrackAnnotation.objects.get().rating == 0
    assert code(call("setRating", member, id=hidden.pk, rating=3)) == 70
    for rating in ("6", "-1", "x"):
        assert call("setRating", member, id=song.pk, rating=rating)["status"] == "failed"
    assert code(call("setRating", member, id=song.pk)) == 10


def test_scrobbles(call: Call, member: User, song: MediaFile, hidden: MediaFile) -> None:
    times = [MS, MS + 1000, MS]
    assert call("scrobble", member, id=[song.pk, song.pk, hidden.pk], time=times)["status"] == "ok"
    assert sorted(Scrobble.objects.values_list("submission_time", flat=True))[0] == SEEN
    assert TrackAnnotation.objects.get().play_count == 2
    assert call("scrobble", member, id=song.pk)["status"] == "ok"
    assert TrackAnnotation.objects.get().play_count == 3
    for yes in ("true", "1", "", "perhaps"):
        call("scrobble", member, id=hidden.pk, submission=yes)
    assert listeners(member.as_viewer()) == []
    for wrong in ([], [MS, MS], ["soon"], [10**20]):
        answer = call("scrobble", member, id=song.pk, time=wrong)
        assert answer["status"] == ("failed" if wrong else "ok")
    assert code(call("scrobble", member)) == 10


def test_now_playing(call: Call, member: User, song: MediaFile) -> None:
    for no in ("false", "0", "off", "False "):
        call("scrobble", member, id=song.pk, submission=no, c="Feishin")
    (found,) = listeners(member.as_viewer())
    assert (found.playing.track_id, found.player.client) == (song.pk, "Feishin")
    assert not Scrobble.objects.exists()
    assert Player.objects.get().ip == "127.0.0.1"


def test_playback(call: Call, member: User, song: MediaFile) -> None:
    """As Navidrome's web client reports it; half of the song makes a play, once."""

    def report(state: str, seconds: float, **more: object) -> None:
        told = {"mediaId": song.pk, "mediaType": "song", "positionMs": int(seconds * 1000), "state": state}
        assert call("reportPlayback", member, **{**told, **more})["status"] == "ok"

    report("starting", 0)
    report("playing", 20, positionMs="20000.75")
    assert not Scrobble.objects.exists()
    assert listeners(member.as_viewer())[0].playing.position_ms == 20_000
    report("paused", 60)
    report("playing", 70)
    report("stopped", 100)
    assert Scrobble.objects.count() == TrackAnnotation.objects.get().play_count == 1
    assert listeners(member.as_viewer()) == []
    report("stopped", 90, ignoreScrobble="true")
    report("playing", 0, mediaId="nope")
    report("playing", 0, mediaType="podcast")
    assert Scrobble.objects.count() == 1
    assert code(call("reportPlayback", member, mediaId=song.pk, mediaType="song", state="x", positionMs=1)) == 0
    assert code(call("reportPlayback", member, mediaId=song.pk)) == 10


def test_a_key_needs_the_scope(member: User, song: MediaFile) -> None:
    for scope, expected in (("read", 50), ("scan", 50), ("listen", OK), ("manage", OK)):
        _, text = api_keys.create_key(member, name="k", scope=scope)
        query = {"v": "1.16.1", "c": "t", "f": "json", "apiKey": text, "id": song.pk}
        answer = Client().get("/rest/star", query).json()["subsonic-response"]
        assert code(answer) == expected, scope


def test_a_time_in_the_far_future_is_no_error(call: Call, member: User, song: MediaFile) -> None:
    last = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp() * 1000)
    assert call("scrobble", member, id=song.pk, time=last)["status"] == "ok"
