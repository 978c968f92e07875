"""Plays count for the track, its album and its artists, once each; what plays now is told to who may know."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from libraries.models import Library, Participant
from listening.models import AlbumAnnotation, ArtistAnnotation, Player, Scrobble, TrackAnnotation
from listening.services.now_playing import Report, listeners, report, set_now_playing, stop_playing
from listening.services.players import MOST, find_player
from listening.services.plays import Play, record_plays
from tests.support.catalog import LONG_AGO, SEEN, make_artist, make_track
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


def test_a_play_counts_for_the_album_and_the_artists_of_the_track(member: User, admin: User, library: Library) -> None:
    track = make_track(library, "A/1.mp3", artist="Ada", missing=False)
    make_track(library, "A/2.mp3", artist="Ada", missing=False)
    Participant.objects.create(media_file=track, artist=make_artist("Bo"), role="artist", position=1)
    Participant.objects.create(media_file=track, artist=make_artist("Cy"), role="composer")
    plays = [Play(track.pk, SEEN), Play(track.pk, LONG_AGO), Play(track.pk, SEEN)]
    assert record_plays(member.as_viewer(), plays) == 2
    assert record_plays(member.as_viewer(), plays) == 0  # sent again
    assert record_plays(admin.as_viewer(), plays[:1]) == 1
    for notes in (TrackAnnotation, AlbumAnnotation):
        row = notes._default_manager.get(user=member)
        assert (row.play_count, row.play_date) == (2, SEEN)
    of_artists = ArtistAnnotation.objects.filter(user=member).values_list("artist__name", "play_count")
    assert sorted(of_artists) == [("Ada", 2), ("Bo", 2)]
    assert sorted(Scrobble.objects.filter(user=member).values_list("submission_time", flat=True)) == [LONG_AGO, SEEN]


def test_plays_of_what_one_cannot_access(member: User, other_library: Library) -> None:
    track = make_track(other_library, "A/1.mp3", missing=False)
    assert record_plays(member.as_viewer(), [Play(track.pk, SEEN), Play("nope", SEEN)]) == 0
    assert not Scrobble.objects.exists()
    assert not TrackAnnotation.objects.exists()


def test_a_player_is_known_by_person_client_and_agent(member: User, admin: User) -> None:
    player = find_player(member.as_viewer(), "Feishin", "X11", "10.0.0.1")
    assert (player.name, player.ip) == ("Feishin [X11]", "10.0.0.1")
    assert find_player(member.as_viewer(), "Feishin", "X11", "10.0.0.2") == player
    assert Player.objects.get().ip == "10.0.0.2"
    find_player(admin.as_viewer(), "Feishin", "X11", "10.0.0.1")
    find_player(member.as_viewer(), "Feishin\0\ud800" * 99, "", "x" * 99)
    assert Player.objects.count() == 3


def test_a_client_with_ever_new_names_is_no_crowd_of_players(member: User, admin: User) -> None:
    find_player(admin.as_viewer(), "of another", "", "")
    for number in range(MOST + 3):
        find_player(member.as_viewer(), f"c{number}", "", "")
    names = set(Player.objects.filter(user=member).values_list("client", flat=True))
    assert names == {f"c{number}" for number in range(3, MOST + 3)}
    assert Player.objects.filter(user=admin).count() == 1


def test_now_playing(member: User, admin: User, library: Library, other_library: Library) -> None:
    track = make_track(library, "A/1.mp3", missing=False)
    hidden = make_track(other_library, "A/1.mp3", missing=False)
    own = find_player(member.as_viewer(), "a", "", "")
    of_admin = find_player(admin.as_viewer(), "a", "", "")
    assert set_now_playing(member.as_viewer(), own, track.pk)
    report(member.as_viewer(), own, Report(track.pk, "playing", 500))
    assert not set_now_playing(member.as_viewer(), own, hidden.pk)
    assert set_now_playing(admin.as_viewer(), of_admin, hidden.pk)
    assert [found.playing.track_id for found in listeners(admin.as_viewer())] == [hidden.pk, track.pk]
    (found,) = listeners(member.as_viewer())
    assert (found.player, found.playing.track_id, found.playing.position_ms) == (own, track.pk, 500)
    assert found.minutes_ago == 0
    Player.objects.filter(pk=of_admin.pk).update(last_seen=timezone.now() - timedelta(days=1))
    assert [found.player for found in listeners(admin.as_viewer())] == [own]
    stop_playing(own)
    assert listeners(member.as_viewer()) == []
