"""MP3: length and rate by the first frames of the stream, and the tags around it.

The common cases take few steps. Whatever is unusual (another layer, a stream that does not begin at once, VBRI, an old
LAME) is left to mutagen.
"""

from __future__ import annotations

import re
import struct
from functools import lru_cache
from typing import Final, NamedTuple

from libraries.audio.errors import UnusualFile
from libraries.audio.file import Window
from libraries.audio.formats import bare_stream
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.types import StreamInfo

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
    """The facts of an MPEG stream; gains in dB, None where the encoder left none."""

    info: StreamInfo
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
    """Return the frame that three bytes behind the first describe; the same ones come again and again."""
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


def read(file: OpenFile) -> StreamInfo:
    """Return the facts of the audio and add the tags; raises UnusualFile."""
    return add_tags(file, _read_stream(file.source, file.audio_at))


def add_tags(file: OpenFile, mpeg: Mpeg) -> StreamInfo:
    """Add the tags around a stream of known facts; a gain in its first frame stands in for an absent tag."""
    bare_stream.add_tags(file)
    for key, gain in (("replaygain_track_gain", mpeg.track_gain), ("replaygain_album_gain", mpeg.album_gain)):
        if gain is not None and key not in file.tags.tags:
            file.tags.add(key, (f"{gain:.2f} dB",))
    return mpeg.info


raw_tags = bare_stream.raw_tags
pictures = bare_stream.pictures
audio_extent = bare_stream.audio_extent


def _read_stream(source: Window, at: int) -> Mpeg:
    data = source.get(at, _FRAMES * _LONGEST_FRAME)
    place = 0
    first: _Frame | None = None
    for _ in range(_FRAMES):
        head = data[place : place + 4]
        if len(head) < 4 or head[0] != 0xFF:
            raise UnusualFile
        frame = _frame(head[1:])
        if frame is None:
            raise UnusualFile
        mark = place + frame.xing_at
        word = data[mark : mark + 4]
        if word in (b"Xing", b"Info"):
            if first is not None:
                raise UnusualFile
            return _with_header(frame, data[mark:])
        if data[place + 36 : place + 40] == b"VBRI":
            raise UnusualFile
        first = first or frame
        place += frame.length
    assert first is not None
    length = 8 * (source.size - at) / float(first.bitrate)
    return Mpeg(_stream_info(length, first.bitrate, first))


def _stream_info(seconds: float, bit_rate: float, frame: _Frame) -> StreamInfo:
    return StreamInfo("mp3", seconds, bit_rate, frame.rate, channels=frame.channels)


def _with_header(frame: _Frame, data: bytes) -> Mpeg:
    """Return the facts by the header of Xing, which counts frames and bytes, and that of LAME if there is one."""
    if len(data) < 8 + 4 + 4 + 100 + 4 + _LAME_SIZE:
        raise UnusualFile
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
        raise UnusualFile
    bitrate: float = frame.bitrate
    samples = frame.samples * frames
    if count >= 0 and samples > 0:
        # the frame of the header is among the bytes, but not among the frames
        bitrate = round(max(0, count - frame.length) * 8 * frame.rate / samples)
    track_gain = album_gain = None
    if data.startswith((b"LAME", b"L3.99"), place):
        if not _LAME.match(data, place) or data[place + 9] >> 4:
            raise UnusualFile
        padding = int.from_bytes(data[place + 21 : place + 24], "big")
        samples = max(0, samples - (padding >> 12) - (padding & 0xFFF))
        track_gain = _gain(data[place + 15 : place + 17], 1)
        album_gain = _gain(data[place + 17 : place + 19], 2)
    return Mpeg(_stream_info(samples / frame.rate, bitrate, frame), track_gain, album_gain)


def _gain(data: bytes, kind: int) -> float | None:
    """Return a gain of LAME: three bits of kind, three of origin, a sign, and tenths of a dB."""
    word = int.from_bytes(data, "big")
    if word >> 13 != kind:
        return None
    gain = (word & 0x1FF) / 10.0
    return -gain if word & 0x200 else gain
