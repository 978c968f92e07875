"""What is made of a song for a player that takes only some values: the nearest ones below those of the song."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from libraries.models import MediaFile
from media.transcoding.decisions import fitting_bit_rate, fitting_sample_rate
from media.transcoding.ffmpeg import Recipe
from media.transcoding.formats import TargetFormat, is_lossless

KBIT: Final = 1000
# whether a player takes a value of this name: channels, bit/s, Hz, bits
Takes = Callable[[str, int], bool]
CHANNELS, BIT_RATE, SAMPLE_RATE, BIT_DEPTH = "audioChannels", "audioBitrate", "audioSamplerate", "audioBitdepth"

# what players and encoders know; the highest first
_SAMPLE_RATES: Final = (192_000, 176_400, 96_000, 88_200, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000)
_BIT_RATES: Final = (320, 256, 224, 192, 160, 128, 112, 96, 80, 64, 48, 32, 24, 16)
# the one that every player of lossless files knows
_USUAL_DEPTH: Final = 16


def fitted(track: MediaFile, target: TargetFormat, takes: Takes, *, limit: int, most_channels: int) -> Recipe | None:
    """How a song is made in a format within `limit` kbit/s, 0 for any; None where the player takes nothing of it."""
    if target.is_lossless and limit and not _stays_within(track, limit):
        return None
    channels = _first(takes, CHANNELS, _channels(track.channels, most_channels))
    sample_rate = _first(takes, SAMPLE_RATE, _sample_rates(track, target))
    bit_rate = _first(takes, BIT_RATE, [rate * KBIT for rate in _bit_rates(track, target, limit)])
    bit_depth = _first(takes, BIT_DEPTH, _bit_depths(track, target))
    if channels is None or sample_rate is None or bit_rate is None or bit_depth is None:
        return None
    return Recipe(
        target=target,
        bit_rate=0 if target.is_lossless else bit_rate // KBIT,
        channels=channels if channels != track.channels else 0,
        sample_rate=sample_rate if sample_rate != track.sample_rate else 0,
        bit_depth=bit_depth if target.is_lossless and bit_depth != track.bit_depth else 0,
    )


def _first(takes: Takes, name: str, values: Iterable[int]) -> int | None:
    """The first value that the player takes; what is not known, 0, is taken for good."""
    return next((value for value in values if not value or takes(name, value)), None)


def _stays_within(track: MediaFile, limit: int) -> bool:
    """Whether a song takes no more than that when nothing of it is left out: only a lossless file says so itself."""
    return is_lossless(track.suffix, track.codec) and 0 < track.bit_rate <= limit


def _channels(known: int, most: int) -> list[int]:
    """The channels of the song, or fewer."""
    if not known:
        return [0]
    return list(range(min(known, most or known), 0, -1))


def _sample_rates(track: MediaFile, target: TargetFormat) -> list[int]:
    """The rate that is made without a wish, else the next lower one that the format has, else a higher one."""
    usual = fitting_sample_rate(track, target) or track.sample_rate
    others = sorted(target.sample_rates or _SAMPLE_RATES, reverse=True)
    lower, higher = ([rate for rate in others if rate < usual], [rate for rate in others[::-1] if rate > usual])
    return [usual, *lower, *higher]


def _bit_rates(track: MediaFile, target: TargetFormat, limit: int) -> list[int]:
    """The bit rate that is made without a wish, or a lower one; of a lossless format there is no choice."""
    if target.is_lossless:
        return [track.bit_rate if is_lossless(track.suffix, track.codec) else 0]
    usual = fitting_bit_rate(track, target, limit)
    return [usual, *(rate for rate in _BIT_RATES if rate < usual)]


def _bit_depths(track: MediaFile, target: TargetFormat) -> list[int]:
    """The depth of the song, or the usual one; what loses samples has none."""
    if not target.is_lossless:
        return [0]
    return [track.bit_depth, *([_USUAL_DEPTH] if track.bit_depth > _USUAL_DEPTH else [])]
