"""Whether a song is played as it is or converted, and to what."""

from __future__ import annotations

import math
from typing import Final

from django.conf import settings

from libraries.models import MediaFile
from media.transcoding.ffmpeg import Recipe, find_ffmpeg
from media.transcoding.formats import TARGETS, TargetFormat, is_lossless

RAW: Final = "raw"
# clients that send more mean "as it is"
MOST_KBIT: Final = 10_000


def decide(track: MediaFile, *, format_name: str, max_bit_rate: int, offset: float, gain: str = "") -> Recipe | None:
    """The recipe for a song as `stream` asks for it; None plays it as it is. The bit rate is in kbit/s, 0 is any.

    `offset` is in seconds. `gain` may be `track` or `album`: the loudness is evened out by ReplayGain.
    """
    if format_name == RAW or not can_transcode():
        return None
    level = replay_gain(track, gain)
    is_low_enough = not 0 < max_bit_rate < MOST_KBIT or not track.bit_rate or track.bit_rate <= max_bit_rate
    is_asked_for = bool(format_name) and format_name != track.suffix.lower()
    if is_low_enough and not is_asked_for and not level:
        return None
    target = TARGETS.get(format_name) or TARGETS[settings.CONF.media.default_downsampling_format]
    if target.name == track.suffix.lower() and is_low_enough and not level:
        return None
    if not format_name and is_low_enough:
        target = TARGETS.get(track.suffix.lower(), target)
    return Recipe(
        target=target,
        bit_rate=fitting_bit_rate(track, target, max_bit_rate),
        offset=max(0.0, offset),
        gain=level,
        sample_rate=fitting_sample_rate(track, target),
    )


def can_transcode() -> bool:
    """Whether songs can be converted here."""
    return settings.CONF.media.max_transcodes > 0 and find_ffmpeg() is not None


def fitting_bit_rate(track: MediaFile, target: TargetFormat, limit: int) -> int:
    """The bit rate to make in kbit/s: within the limit, and never above what a lossy source has. 0 of lossless ones."""
    if target.is_lossless:
        return 0
    wanted = min(limit or target.default_bit_rate, target.highest_bit_rate)
    if track.bit_rate and not is_lossless(track.suffix, track.codec):
        wanted = min(wanted, track.bit_rate)
    return max(wanted, 16)


def fitting_sample_rate(track: MediaFile, target: TargetFormat) -> int:
    """The sample rate to make in Hz, where the format has not that of the source: the next lower one; else 0."""
    if not target.sample_rates or not track.sample_rate or track.sample_rate in target.sample_rates:
        return 0
    lower = [rate for rate in target.sample_rates if rate <= track.sample_rate]
    return max(lower, default=min(target.sample_rates))


def replay_gain(track: MediaFile, kind: str) -> float:
    """The gain in dB that a song asks for, as far as its peak leaves room; 0 without one."""
    gain, peak = {
        "track": (track.rg_track_gain, track.rg_track_peak),
        "album": (track.rg_album_gain, track.rg_album_peak),
    }.get(kind, (None, None))
    if gain is None or not math.isfinite(gain):
        return 0.0
    if peak and peak > 0:
        gain = min(gain, -20 * math.log10(peak))
    return round(max(-40.0, min(gain, 20.0)), 2)
