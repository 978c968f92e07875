"""The length and the rate of an MP3 stream, by its first frames: the common cases, in few steps.

Whatever is unusual (another layer, a stream that does not begin at once, VBRI, an old LAME) is left to the tag library.
"""

from __future__ import annotations

import re
import struct
from functools import lru_cache
from typing import Final, NamedTuple

from libraries.audio.file import Window

# The frames that must follow each other before a stream without a header of its length is believed.
_FRAMES: Final = 4
_LONGEST_FRAME: Final = 1441
_RATES: Final = (44100, 48000, 32000)
# kbit/s of layer III
_BITS_1: Final = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_BITS_2: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_LAME: Final = re.compile(rb"LAME3\.(?:9[1-9]|1\d\d)(?!\d)")
_LAME_SIZE: Final = 36
_HAS_FRAMES, _HAS_BYTES, _HAS_TOC, _HAS_QUALITY = 1, 2, 4, 8
_WORD: Final = struct.Struct(">I")


class Mpeg(NamedTuple):
    """Seconds, bits per second, Hz; gains in dB, None where the encoder left none."""

    layer: int
    length: float
    bitrate: float
    sample_rate: int
    channels: int
    track_gain: float | None = None
    album_gain: float | None = None


class _Frame(NamedTuple):
    bitrate: int
    rate: int
    channels: int
    samples: int
    length: int
    xing_at: int


@lru_cache(maxsize=4096)
def _frame(head: bytes) -> _Frame | None:
    """The frame that three bytes behind the first describe; the same ones come again and again."""
    second, third, fourth = head
    version, layer = second >> 3 & 3, second >> 1 & 3
    bits, rate = third >> 4, third >> 2 & 3
    if second & 0xE0 != 0xE0 or version == 1 or layer != 1 or rate == 3 or bits in (0, 15):
        return None
    first = version == 3
    mono = fourth >> 6 == 3
    hertz = _RATES[rate] >> (0 if first else 1 if version == 2 else 2)
    bitrate = (_BITS_1 if first else _BITS_2)[bits] * 1000
    samples = 1152 if first else 576
    xing_at = (21 if mono else 36) if first else (13 if mono else 21)
    length = samples // 8 * bitrate // hertz + (third >> 1 & 1)
    return _Frame(bitrate, hertz, 1 if mono else 2, samples, length, xing_at)


def read_mpeg(source: Window, at: int) -> Mpeg | None:
    """What the MP3 stream at the offset says, or None where somebody else has to look."""
    data = source.get(at, _FRAMES * _LONGEST_FRAME)
    place = 0
    first: _Frame | None = None
    for _ in range(_FRAMES):
        head = data[place : place + 4]
        if len(head) < 4 or head[0] != 0xFF:
            return None
        frame = _frame(head[1:])
        if frame is None:
            return None
        mark = place + frame.xing_at
        word = data[mark : mark + 4]
        if word in (b"Xing", b"Info"):
            return _with_header(frame, data[mark:]) if first is None else None
        if data[place + 36 : place + 40] == b"VBRI":
            return None
        first = first or frame
        place += frame.length
    assert first is not None
    length = 8 * (source.size - at) / float(first.bitrate)
    return Mpeg(3, length, first.bitrate, first.rate, first.channels)


def _with_header(frame: _Frame, data: bytes) -> Mpeg | None:
    """A stream that begins with the header of Xing, which counts its frames and bytes, and maybe that of LAME."""
    if len(data) < 8 + 4 + 4 + 100 + 4 + _LAME_SIZE:
        return None
    flags = data[7]
    place = 8
    frames = count = -1
    if flags & _HAS_FRAMES:
        (frames,) = _WORD.unpack_from(data, place)
        place += 4
    if flags & _HAS_BYTES:
        (count,) = _WORD.unpack_from(data, place)
        place += 4
    place += (100 if flags & _HAS_TOC else 0) + (4 if flags & _HAS_QUALITY else 0)
    if frames < 0:
        return None
    bitrate: float = frame.bitrate
    samples = frame.samples * frames
    if count >= 0 and samples > 0:
        # the frame of the header is among the bytes, but not among the frames
        bitrate = round(max(0, count - frame.length) * 8 * frame.rate / samples)
    track_gain = album_gain = None
    if data.startswith((b"LAME", b"L3.99"), place):
        if not _LAME.match(data, place) or data[place + 9] >> 4:
            return None
        padding = int.from_bytes(data[place + 21 : place + 24], "big")
        samples = max(0, samples - (padding >> 12) - (padding & 0xFFF))
        track_gain = _gain(data[place + 15 : place + 17], 1)
        album_gain = _gain(data[place + 17 : place + 19], 2)
    return Mpeg(3, samples / frame.rate, bitrate, frame.rate, frame.channels, track_gain, album_gain)


def _gain(data: bytes, kind: int) -> float | None:
    """A gain of LAME: three bits of kind, three of origin, a sign, and tenths of a dB."""
    word = int.from_bytes(data, "big")
    if word >> 13 != kind:
        return None
    gain = (word & 0x1FF) / 10.0
    return -gain if word & 0x200 else gain
