"""Headers of MPEG frames of all layers, and the headers of a whole stream in its first frame: Xing, LAME and VBRI."""

from __future__ import annotations

import re
import struct
from functools import lru_cache
from typing import Final, NamedTuple

LONGEST_FRAME: Final = 1441
_RATES: Final = (44100, 48000, 32000)
# kbit/s by MPEG 1 or not, and layer
_LAYER_3: Final = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_LOW: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_BITS: Final = {
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): _LAYER_3,
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): _LOW,
    (False, 3): _LOW,
}
_FREE: Final = 0
_SHORTEST_FREE: Final = 64
_LONGEST_FREE: Final = 6 * 1024
# the frames that must follow where the distance between two is believed to be their length
_FREE_FRAMES: Final = 3

_LAME: Final = re.compile(rb"LAME3\.(?:9\d|1\d\d)(?!\d)|L3\.99")
_LAME_SIZE: Final = 36
_HAS_FRAMES, _HAS_BYTES, _HAS_TOC, _HAS_QUALITY = 1, 2, 4, 8
_WORD: Final = struct.Struct(">I")
_VBRI: Final = struct.Struct(">4s6xII")
VBRI_AT: Final = 36
# what the longest header takes
HEADER_SIZE: Final = 8 + 4 + 4 + 100 + 4 + _LAME_SIZE


class MpegFrame(NamedTuple):
    """What the header of a frame tells; a length of 0 is for the stream to find out ("free format").

    `shortest` and `longest` are the bytes of other frames of its family.
    """

    bitrate: int
    rate: int
    channels: int
    samples: int
    length: int
    layer: int
    xing_at: int
    seconds: float
    family: int
    shortest: float
    longest: float


class VbrHeader(NamedTuple):
    """A Xing, Info or VBRI header, in the first frame: the count and bytes of all (-1: none), the samples that play.

    Gains are in dB, None where the encoder left none.
    """

    frames: int
    size: int
    samples: int
    constant: bool = False
    track_gain: float | None = None
    album_gain: float | None = None


@lru_cache(maxsize=1024)
def read_head(head: bytes) -> MpegFrame | None:
    """Return the frame that three bytes behind the first describe; the same ones come again and again."""
    if len(head) < 3:
        return None
    second, third, fourth = head
    version, layer = second >> 3 & 3, 4 - (second >> 1 & 3)
    bits, rate = third >> 4, third >> 2 & 3
    if second & 0xE0 != 0xE0 or version == 1 or layer == 4 or rate == 3 or bits == 15:
        return None
    first = version == 3
    mono = fourth >> 6 == 3
    hertz = _RATES[rate] >> (0 if first else 1 if version == 2 else 2)
    bitrate = _BITS[first, layer][bits] * 1000
    samples = 384 if layer == 1 else 1152 if first or layer == 2 else 576
    xing_at = (21 if mono else 36) if first else (13 if mono else 21)
    padding = third >> 1 & 1
    length = (12 * bitrate // hertz + padding) * 4 if layer == 1 else samples // 8 * bitrate // hertz + padding
    if bits == _FREE:
        length = 0
    family = (second & 0xFE) << 8 | third & 0x0C
    seconds = samples / hertz
    shortest, longest = (_BITS[first, layer][index] * 1000 / 8 * seconds for index in (1, -1))
    return MpegFrame(
        bitrate, hertz, 1 if mono else 2, samples, length, layer, xing_at, seconds, family, shortest, longest
    )


def parse(data: bytes, at: int) -> MpegFrame | None:
    """Return the frame at a place; None where none begins, or one whose length is not told."""
    if data[at : at + 1] != b"\xff":
        return None
    frame = read_head(data[at + 1 : at + 4])
    return frame if frame is not None and frame.length else None


class FreeFormat:
    """Parser of a stream whose frames have a bit rate of its own: all are as long as the first, but for padding."""

    def __init__(self, head: bytes, plain: int) -> None:
        self._same = head[1] & 0xFE, head[2] & 0xFC
        self._plain = plain

    def parse(self, data: bytes, at: int) -> MpegFrame | None:
        """Return the frame at a place; None where none begins."""
        head = data[at : at + 4]
        if len(head) < 4 or head[0] != 0xFF or (head[1] & 0xFE, head[2] & 0xFC) != self._same:
            return None
        frame = read_head(head[1:])
        if frame is None:
            return None
        length = self._plain + (head[2] >> 1 & 1) * (4 if frame.layer == 1 else 1)
        return frame._replace(length=length, bitrate=round(length * 8 / frame.seconds))


def find_free_format(data: bytes) -> FreeFormat | None:
    """Return the parser of a stream that begins with the data, if its frames do not tell their length."""
    head = data[:4]
    frame = read_head(head[1:]) if head[:1] == b"\xff" else None
    if frame is None or frame.length:
        return None
    padding = (head[2] >> 1 & 1) * (4 if frame.layer == 1 else 1)
    at = _SHORTEST_FREE
    while 0 < (at := data.find(head[:2], at + 1)) <= _LONGEST_FREE:
        found = FreeFormat(head, at - padding)
        place = at
        for _ in range(_FREE_FRAMES):
            following = found.parse(data, place)
            if following is None:
                break
            place += following.length
        else:
            return found
    return None


def read_xing(frame: MpegFrame, data: bytes) -> VbrHeader | None:
    """Return the header of Xing and that of LAME behind it; None where frames are not counted."""
    if len(data) < HEADER_SIZE:
        return None
    flags, place = data[7], 8
    frames = size = -1
    if flags & _HAS_FRAMES:
        (frames,) = _WORD.unpack_from(data, place)
        place += 4
    if flags & _HAS_BYTES:
        (size,) = _WORD.unpack_from(data, place)
        place += 4
    place += (100 if flags & _HAS_TOC else 0) + (4 if flags & _HAS_QUALITY else 0)
    if frames < 0:
        return None
    samples = frame.samples * frames
    track_gain = album_gain = None
    if data[place : place + 1] == b"L" and _LAME.match(data, place) and not data[place + 9] >> 4:
        padding = int.from_bytes(data[place + 21 : place + 24], "big")
        samples = max(0, samples - (padding >> 12) - (padding & 0xFFF))
        track_gain = _gain(data[place + 15 : place + 17], 1)
        album_gain = _gain(data[place + 17 : place + 19], 2)
    return VbrHeader(frames, size, samples, data.startswith(b"Info"), track_gain, album_gain)


def read_vbri(frame: MpegFrame, data: bytes) -> VbrHeader:
    """Return the header of VBRI."""
    _, size, frames = _VBRI.unpack_from(data)
    return VbrHeader(frames, size, frame.samples * frames)


def _gain(data: bytes, kind: int) -> float | None:
    """Return a gain of LAME: three bits of kind, three of origin, a sign, and tenths of a dB."""
    word = int.from_bytes(data, "big")
    if word >> 13 != kind:
        return None
    gain = (word & 0x1FF) / 10.0
    return -gain if word & 0x200 else gain
