"""What plays at this moment, as services are told of it."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import pytest
from django.core.cache import cache
from pytest_django.fixtures import Settings

from libraries.models import MediaFile
from listening.choices import PlaybackState
from listening.forwarding.playing_now import tell_playing
from listening.models import Player, ServiceAccount, WaitingPlay
from listening.models import Service as Kind
from listening.services import now_playing
from listening.services.now_playing import Report, key_of, messages, set_now_playing
from navidrome_lib.celery import app
from tests.conftest import Configure
from tests.listening.forwarding.conftest import QUICK, due_now, link
from tests.support.listening_service import Answer, Service, breaks_off, hangs, says
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


@pytest.fixture
def player(member: User) -> Player:
    cache.clear()
    return Player.objects.create(user=member, name="p", client="p")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The messages to the workers, in the place of a broker."""
    found: list[tuple[str, ...]] = []
    monkeypatch.setattr(app, "send_task", lambda name, args, **_: found.append((name, *args)))
    return found


def report(user: User, player: Player, song: MediaFile, state: PlaybackState, *, counts: bool = True) -> None:
    now_playing.report(user.as_viewer(), player, Report(song.pk, state, 1000, counts=counts))
    messages.join()


def test_listenbrainz_is_told_once(
    member: User, player: Player, account: ServiceAccount, service: Service, song: MediaFile, told: list[Any]
) -> None:
    for state in (PlaybackState.STARTING, PlaybackState.PLAYING, PlaybackState.PAUSED, PlaybackState.PLAYING):
        report(member, player, song, state)
    assert told == [("listening.tasks.tell_playing", player.pk, song.pk)]
    assert tell_playing(player.pk, song.pk) == 1
    (asked,) = service.asked
    assert (asked.path, asked.headers["authorization"]) == ("/1/submit-listens", "Token token-4711")
    assert asked.json["listen_type"] == "playing_now"
    (listen,) = asked.json["payload"]
    assert set(listen) == {"track_metadata"}
    about = listen["track_metadata"]
    assert (about["artist_name"], about["track_name"], about["release_name"]) == ("Ada", "song", "First")
    assert not WaitingPlay.objects.exists()


def test_last_fm(
    member: User, player: Player, service: Service, song: MediaFile, told: list[Any], configure: Configure,
    settings: Settings,
) -> None:  # fmt: skip
    conf = settings.CONF.lastfm
    configure(lastfm=dataclasses.replace(conf, enabled=True, api_key="k", secret="s", base_url=f"{service.url}/2.0"))
    link(member, Kind.LASTFM, "session")
    assert set_now_playing(member.as_viewer(), player, song.pk)
    assert tell_playing(player.pk, song.pk) == 1
    form = service.asked[0].form
    known = {"method": "track.updateNowPlaying", "sk": "session", "artist": "Ada", "track": "song", "duration": "100"}
    assert form | known == form
    assert "timestamp" not in form


def test_nothing_is_told_of_what_is_not_to_be_sent(
    member: User, player: Player, account: ServiceAccount, service: Service, song: MediaFile, told: list[Any]
) -> None:
    report(member, player, song, PlaybackState.PAUSED)
    report(member, player, song, PlaybackState.PLAYING, counts=False)
    report(member, player, song, PlaybackState.STOPPED)
    player.scrobble_enabled = False
    report(member, player, song, PlaybackState.PLAYING)
    player.scrobble_enabled = True
    ServiceAccount.objects.all().delete()
    report(member, player, song, PlaybackState.PLAYING)
    assert told == []


def test_nor_when_that_has_changed_meanwhile(
    member: User, player: Player, account: ServiceAccount, service: Service, song: MediaFile, told: list[Any]
) -> None:
    report(member, player, song, PlaybackState.PLAYING)
    playing = cache.get(key_of(player.pk))

    def with_playing(**changes: Any) -> int:
        cache.set(key_of(player.pk), {**playing, **changes})
        return tell_playing(player.pk, song.pk)

    assert with_playing(track_id="another") == 0
    assert with_playing(state="paused") == 0
    assert with_playing(ends=time.time() + now_playing.GRACE_SECONDS - 1) == 0
    cache.delete(key_of(player.pk))
    assert tell_playing(player.pk, song.pk) == 0
    account.left_out.add(song.library)
    assert with_playing() == 0
    account.left_out.clear()
    Player.objects.update(scrobble_enabled=False)
    assert with_playing() == 0
    Player.objects.update(scrobble_enabled=True)
    ServiceAccount.objects.update(stopped_at="2026-01-01T00:00:00Z")
    assert with_playing() == 0
    ServiceAccount.objects.update(stopped_at=None, next_try_at="2999-01-01T00:00:00Z")
    assert with_playing() == 0
    assert service.asked == []
    due_now(account)
    assert with_playing() == 1


@pytest.mark.parametrize("answer", [says(500, b""), says(401, {"error": "no"}), breaks_off, hangs])
def test_a_failure_is_forgotten(
    member: User, player: Player, account: ServiceAccount, service: Service, song: MediaFile, told: list[Any],
    answer: Answer,
) -> None:  # fmt: skip
    set_now_playing(member.as_viewer(), player, song.pk)
    service.planned = [answer]
    assert tell_playing(player.pk, song.pk, limits=QUICK) == 0
    account.refresh_from_db()
    assert (account.stopped_at, account.next_try_at, account.failures) == (None, None, 0)
    assert len(service.asked) == 1
