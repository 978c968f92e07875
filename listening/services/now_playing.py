"""What is being played at this moment: kept in the cache for each player, and gone when the track must have ended."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.core.cache import cache
from django.utils import timezone

from libraries.models import MediaFile
from listening.choices import PlaybackState
from listening.models import Player, ServiceAccount
from listening.services.forwarding import enabled_services
from listening.services.news import tell_playing
from listening.services.plays import Play, record_plays
from navidrome_lib.db.ids import can_be_id
from navidrome_lib.messages import Outbox
from navidrome_lib.viewer import Viewer

# a client that pauses, or tells of the next track a little late, is shown so much longer
GRACE_SECONDS: Final = 30
# of a long track so much counts as a play
ENOUGH_SECONDS: Final = 240
# a player that was last seen before that plays nothing that anybody should be shown
RECENT: Final = timedelta(hours=12)
# nothing is longer: what a player tells beyond that would have begun before the calendar does
LONGEST_MS: Final = 30 * 24 * 3600 * 1000
# what players offer; beyond it there is no telling when the track ends
SLOWEST: Final = 0.1
FASTEST: Final = 10.0
# what no worker takes in this time is not told to services any more
messages: Final = Outbox("listening.tasks.tell_playing", expires=GRACE_SECONDS, again=lambda: 0.0)


@dataclass(frozen=True)
class NowPlaying:
    """A track that a player plays since `since`, told last to be at `position_ms` at `told_at` (Unix seconds)."""

    track_id: str
    player_id: str
    since: float
    position_ms: int = 0
    state: str = PlaybackState.PLAYING
    # that it counts as a play already
    counted: bool = False
    # when it is forgotten, unless it is told again (Unix seconds)
    ends: float = 0.0
    told_at: float = 0.0
    # how many seconds of the track go by in one
    rate: float = 1.0

    @property
    def position_now_ms(self) -> int:
        """Where the track must be by now: players tell when they start, pause and seek, not each second."""
        if self.state != PlaybackState.PLAYING or not self.told_at:
            return self.position_ms
        return self.position_ms + int(max(time.time() - self.told_at, 0.0) * self.rate * 1000)


@dataclass(frozen=True)
class Listener:
    """What one player plays, with the player and whose it is."""

    playing: NowPlaying
    player: Player

    @property
    def minutes_ago(self) -> int:
        """How long ago the track was begun."""
        return max(int((time.time() - self.playing.since) // 60), 0)


def key_of(player_id: str) -> str:
    """The key of the cache for one player."""
    return f"now-playing:{player_id}"


@dataclass(frozen=True)
class Report:
    """What a player tells: where it is in a track, how fast it goes on, and whether it may count as a play."""

    track_id: str
    state: str
    position_ms: int
    counts: bool = True
    rate: float = 1.0


def set_now_playing(viewer: Viewer, player: Player, track_id: str) -> bool:
    """Say what a player plays; False for a track that the viewer cannot access. It ends by itself with the track."""
    duration = duration_of(viewer, track_id)
    if duration is not None:
        keep(player, NowPlaying(track_id, player.pk, time.time()), duration)
        tell_services(player, track_id, duration)
    return duration is not None


def report(viewer: Viewer, player: Player, told: Report) -> None:
    """Take what a player tells of a track; one that was heard for half of its length, or for 4 minutes, is a play.

    A track that the viewer cannot access is passed over.
    """
    duration = duration_of(viewer, told.track_id)
    if duration is None:
        return
    told = replace(told, position_ms=min(told.position_ms, LONGEST_MS), rate=min(max(told.rate, SLOWEST), FASTEST))
    known = playing_of(player.pk)
    if known is None or known.track_id != told.track_id or told.state == PlaybackState.STARTING:
        known = NowPlaying(told.track_id, player.pk, time.time() - told.position_ms / 1000 / told.rate)
    heard = told.position_ms / 1000 >= min(duration / 2, ENOUGH_SECONDS)
    played = told.counts and heard and not known.counted and told.state != PlaybackState.STARTING
    if played:
        record_plays(viewer, [Play(told.track_id, datetime.fromtimestamp(int(known.since), UTC))], player)
    if told.state == PlaybackState.STOPPED:
        stop_playing(player)
    else:
        counted = known.counted or played
        state = replace(known, position_ms=told.position_ms, state=told.state, counted=counted, rate=told.rate)
        keep(player, state, (duration - told.position_ms / 1000) / told.rate)
        if told.counts and told.state != PlaybackState.PAUSED:
            tell_services(player, told.track_id, duration)


def tell_services(player: Player, track_id: str, duration: float) -> None:
    """Have the services of a player's owner told that it plays a track: once while the track lasts."""
    services = enabled_services() if player.scrobble_enabled else []
    if not services or not ServiceAccount.objects.filter(user=player.user_id, service__in=services).exists():
        return
    if cache.add(f"told-playing:{player.pk}:{track_id}", 1, timeout=max(int(duration), GRACE_SECONDS)):
        messages.send((player.pk, track_id))


def duration_of(viewer: Viewer, track_id: str) -> float | None:
    """The length of a track in seconds; None for one that the viewer cannot access."""
    possible = can_be_id(track_id)
    rows = MediaFile.objects.visible_to(viewer).filter(pk=track_id) if possible else MediaFile.objects.none()
    found: float | None = rows.values_list("duration", flat=True).first()
    return found


def keep(player: Player, playing: NowPlaying, seconds_left: float) -> None:
    """Keep what a player plays until the track must have ended."""
    timeout, now = int(max(seconds_left, 0)) + GRACE_SECONDS, time.time()
    cache.set(key_of(player.pk), asdict(replace(playing, ends=now + timeout, told_at=now)), timeout=timeout)
    tell_playing()
    Player.objects.filter(pk=player.pk).update(last_seen=timezone.now())


def stop_playing(player: Player) -> None:
    """Say that a player plays nothing any more."""
    cache.delete(key_of(player.pk))
    tell_playing()


def listeners(viewer: Viewer) -> list[Listener]:
    """Who plays what, the latest first, as far as the viewer can access the tracks."""
    if not viewer.is_active:
        return []
    return visible_among(all_listeners(), viewer)


def all_listeners() -> list[Listener]:
    """Who plays what, the latest first; none that a person may be shown without `visible_among`."""
    players = Player.objects.filter(last_seen__gte=timezone.now() - RECENT, user__is_active=True).select_related("user")
    shown = [Listener(found, player) for player in players if (found := playing_of(player.pk)) is not None]
    return sorted(shown, key=lambda listener: -listener.playing.since)


def visible_among(playing: Sequence[Listener], viewer: Viewer) -> list[Listener]:
    """Those who play tracks that the viewer can access."""
    visible = visible_ids({listener.playing.track_id for listener in playing}, viewer)
    return [listener for listener in playing if listener.playing.track_id in visible]


def visible_ids(track_ids: Collection[str], viewer: Viewer) -> frozenset[str]:
    """Those of some tracks that the viewer can access."""
    rows = MediaFile.objects.visible_to(viewer).filter(pk__in=track_ids)
    return frozenset(rows.values_list("pk", flat=True)) if track_ids else frozenset()


def playing_of(player_id: str) -> NowPlaying | None:
    """What a player plays; None for nothing."""
    value: Any = cache.get(key_of(player_id))
    try:
        return NowPlaying(**value) if isinstance(value, dict) else None
    except TypeError:  # kept by another version
        return None
