"""What is being played at this moment: kept in the cache for each player, and gone when the track must have ended."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final

from django.core.cache import cache
from django.utils import timezone

from libraries.models import MediaFile
from listening.models import Player
from navidrome_lib.viewer import Viewer

# a client that pauses, or tells of the next track a little late, is shown so much longer
GRACE_SECONDS: Final = 30
# a player that was last seen before that plays nothing that anybody should be shown
RECENT: Final = timedelta(hours=12)


@dataclass(frozen=True)
class NowPlaying:
    """A track that a player plays since `since` (Unix seconds), told last to be at `position_ms`."""

    track_id: str
    player_id: str
    since: float
    position_ms: int = 0
    state: str = "playing"


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


def set_now_playing(
    viewer: Viewer, player: Player, track_id: str, *, position_ms: int = 0, state: str = "playing"
) -> bool:
    """Say what a player plays; False for a track that the viewer cannot access. It ends by itself with the track."""
    row = MediaFile.objects.visible_to(viewer).filter(pk=track_id).values_list("duration", flat=True).first()
    if row is None:
        return False
    known = _read(player.pk)
    goes_on = known is not None and known.track_id == track_id
    since = known.since if known is not None and goes_on else time.time()
    left = max(float(row) - position_ms / 1000, 0.0)
    playing = NowPlaying(track_id, player.pk, since, position_ms, state)
    cache.set(key_of(player.pk), asdict(playing), timeout=int(left) + GRACE_SECONDS)
    Player.objects.filter(pk=player.pk).update(last_seen=timezone.now())
    return True


def stop_playing(player: Player) -> None:
    """Say that a player plays nothing any more."""
    cache.delete(key_of(player.pk))


def listeners(viewer: Viewer) -> list[Listener]:
    """Who plays what, the latest first, as far as the viewer can access the tracks."""
    if not viewer.is_active:
        return []
    players = Player.objects.filter(last_seen__gte=timezone.now() - RECENT, user__is_active=True).select_related("user")
    by_id = {player.pk: player for player in players}
    playing = [found for pk in by_id if (found := _read(pk)) is not None]
    tracks = MediaFile.objects.visible_to(viewer).filter(pk__in={entry.track_id for entry in playing})
    visible = set(tracks.values_list("pk", flat=True))
    shown = [Listener(entry, by_id[entry.player_id]) for entry in playing if entry.track_id in visible]
    return sorted(shown, key=lambda listener: -listener.playing.since)


def _read(player_id: str) -> NowPlaying | None:
    value: Any = cache.get(key_of(player_id))
    try:
        return NowPlaying(**value) if isinstance(value, dict) else None
    except TypeError:  # kept by another version
        return None
