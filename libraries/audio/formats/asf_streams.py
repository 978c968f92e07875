"""The first stream of audio in ASF files, and the length of those whose header does not tell it.

mutagen takes whatever stream comes first, and a recording of a live stream for one without length.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from libraries.audio.file import Source

_FILE: Final = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_STREAM: Final = bytes.fromhex("9107dcb7b7a9cf118ee600c00c205365")
_AUDIO: Final = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")
_DATA: Final = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
_OBJECT: Final = struct.Struct("<16sQ")
_HEADER_SIZE: Final = 30
_DATA_HEADER_SIZE: Final = 50
_MAX_OBJECTS: Final = 1000
# the last packets may hold nothing
_TRIED_PACKETS: Final = 16
# bytes of a number in a packet, by its type
_SIZES: Final = (0, 1, 2, 4)
_CODECS: Final = {
    0x0A: "wmavoice", 0x50: "mp2", 0x55: "mp3", 0xFF: "aac", 0x160: "wma", 0x161: "wma", 0x162: "wmapro",
    0x163: "wmalossless",
}  # fmt: skip


class AsfStream(NamedTuple):
    """What the description of a stream of audio says; the codec is empty where it is unknown."""

    codec: str
    channels: int
    rate: int
    byte_rate: int
    depth: int


def read_streams(source: Source, start: int) -> list[AsfStream] | None:
    """Return the streams of audio; None where the header describes no stream at all."""
    found: list[AsfStream] = []
    streams = 0
    for name, at, size in _objects(source, start + _HEADER_SIZE, _header_end(source, start)):
        if name == _STREAM:
            streams += 1
            data = source.get(at, min(size, 54 + 16))
            if data[:16] == _AUDIO and len(data) == 54 + 16:
                number, channels, rate, byte_rate, _, depth = struct.unpack_from("<HHIIHH", data, 54)
                found.append(AsfStream(_CODECS.get(number, ""), channels, rate, byte_rate, depth))
    return found if streams else None


def measure(source: Source, start: int) -> float:
    """Return the seconds between the first and the last packet, 0 where there are none that can be read."""
    packet = 0
    for name, at, size in _objects(source, start + _HEADER_SIZE, _header_end(source, start)):
        if name == _FILE and size >= 72:
            packet = int.from_bytes(source.get(at + 68, 4), "little")
    for name, at, size in _objects(source, _header_end(source, start), source.size):
        if name != _DATA or not packet:
            continue
        # a program that records a live stream does not know the size of it
        begin = at - _OBJECT.size + _DATA_HEADER_SIZE
        end = at + size if size > _DATA_HEADER_SIZE else source.size
        count = (end - begin) // packet
        first = _packet_time(source, begin, packet) if count > 0 else None
        for number in range(count - 1, max(-1, count - 1 - _TRIED_PACKETS), -1):
            last = _packet_time(source, begin + number * packet, packet)
            if first is not None and last is not None:
                return max(0, last[1] - first[0]) / 1000
    return 0.0


def _header_end(source: Source, start: int) -> int:
    return min(source.size, start + int.from_bytes(source.get(start + 16, 8), "little"))


def _objects(source: Source, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Return name, place and size of the content of objects side by side; the last one may be cut off."""
    for _ in range(_MAX_OBJECTS):
        head = source.get(at, _OBJECT.size) if at + _OBJECT.size <= end else b""
        if len(head) < _OBJECT.size:
            return
        name, size = _OBJECT.unpack(head)
        yield name, at + _OBJECT.size, max(0, min(size, end - at) - _OBJECT.size)
        if size < _OBJECT.size:
            return
        at += size


def _packet_time(source: Source, at: int, size: int) -> tuple[int, int] | None:
    """Return when a packet begins and ends to play, in milliseconds; None where it is no packet."""
    data = source.get(at, min(size, 64))
    place = 1 + (data[0] & 0x0F) if data and data[0] & 0x80 else 0
    if place + 2 > len(data):
        return None
    flags = data[place]
    # behind the flags: the sizes of the packet and of its padding, and a number
    place += 2 + sum(_SIZES[flags >> shift & 3] for shift in (1, 3, 5))
    if place + 6 > len(data) or flags & 0x80:
        return None
    begin, length = struct.unpack_from("<IH", data, place)
    return begin, begin + length
