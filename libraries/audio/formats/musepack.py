"""Musepack 8 streams without the packet of gains, which mutagen refuses though nothing needs it."""

from __future__ import annotations

from typing import Final, NamedTuple

from libraries.audio.errors import damaged
from libraries.audio.file import Window

_RATES: Final = (44100, 48000, 37800, 32000)
_MAX_PACKETS: Final = 64
_LONGEST_NUMBER: Final = 9


class StreamHeader(NamedTuple):
    """What the stream header says: seconds, Hz."""

    length: float
    sample_rate: int
    channels: int


def stream_header(source: Window, at: int) -> StreamHeader:
    """Return what the packet of the stream header says in the stream that begins at the offset."""
    if source.get(at, 4) != b"MPCK":
        raise damaged("the description of the audio is absent")
    at += 4
    for _ in range(_MAX_PACKETS):
        name = source.get(at, 2)
        size, content = _number(source, at + 2)
        if name == b"SH":
            # a checksum and the version of the stream stand in front
            samples, behind = _number(source, content + 5)
            skipped, behind = _number(source, behind)
            first, second = source.get_exactly(behind, 2)
            rate = _RATES[first >> 5 & 3]
            return StreamHeader(max(0, samples - skipped) / rate, rate, (second >> 4) + 1)
        if size < content - at:
            break
        at += size
    raise damaged("the description of the audio is absent")


def _number(source: Window, at: int) -> tuple[int, int]:
    """Return a number in groups of seven bits, and where it ends."""
    number = 0
    for place in range(at, at + _LONGEST_NUMBER):
        (byte,) = source.get_exactly(place, 1)
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            return number, place + 1
    raise damaged("a number is too long")
