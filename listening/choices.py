"""The values that what people add may have; imports nothing of ours."""

from __future__ import annotations

from enum import StrEnum


class PlaybackState(StrEnum):
    """What a player says that it does with a song."""

    STARTING = "starting"
    PLAYING = "playing"
    PAUSED = "paused"
    STOPPED = "stopped"
