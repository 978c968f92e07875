"""ASF (.wma) around plain PCM, which every player of the container decodes."""

import struct
import uuid
from functools import lru_cache

from synth.tones import Stream, Tone, pcm16

_PACKET = 3200
_PACKET_HEAD = 3 + 2 + 2 + 4 + 2 + 1 + 1 + 4 + 1 + 8
_PREROLL = 0
_PROPERTIES_SIZE = 104


def guid(text: str) -> bytes:
    """An identifier in the byte order of the format."""
    return uuid.UUID(text).bytes_le


_HEADER = guid("75B22630-668E-11CF-A6D9-00AA0062CE6C")
_FILE = guid("8CABDCA1-A947-11CF-8EE4-00C00C205365")
_STREAM = guid("B7DC0791-A9B7-11CF-8EE6-00C00C205365")
_EXTENSION = guid("5FBF03B5-A92E-11CF-8EE3-00C00C205365")
_EXTENSION_CLOCK = guid("ABD3D211-A9BA-11CF-8EE6-00C00C205365")
_CODECS = guid("86D15240-311D-11D0-A3A4-00A0C90348F6")
_CODECS_RESERVED = guid("86D15241-311D-11D0-A3A4-00A0C90348F6")
_AUDIO = guid("F8699E40-5B4D-11CF-A8FD-00805F5C442B")
_NO_CORRECTION = guid("20FB5700-5B55-11CF-A8FD-00805F5C442B")
_DATA = guid("75B22636-668E-11CF-A6D9-00AA0062CE6C")
_FILE_ID = guid("6E617669-6472-6F6D-6520-73796E746801")


def asf_object(identifier: bytes, *parts: bytes) -> bytes:
    """One object."""
    data = b"".join(parts)
    return identifier + struct.pack("<Q", len(data) + 24) + data


def _data_packet(part: bytes, number: int, milliseconds: int, length: int) -> bytes:
    """One packet of fixed size with one payload: stream 1, one whole media object."""
    room = _PACKET - _PACKET_HEAD - len(part)
    head = b"\x82\0\0" + struct.pack("<BBHIH", 0x10, 0x5D, room, milliseconds, length)
    payload = struct.pack("<BBIBII", 0x81, number & 0xFF, 0, 8, len(part), milliseconds)
    return head + payload + part + bytes(room)


def _data_object(tone: Tone) -> tuple[bytes, int]:
    width = 2 * tone.channels
    step = (_PACKET - _PACKET_HEAD) // width * width
    sound = pcm16(tone)
    packets = []
    for number, at in enumerate(range(0, len(sound), step)):
        part = sound[at : at + step]
        start = at // width * 1000 // tone.sample_rate
        packets.append(_data_packet(part, number, start, len(part) // width * 1000 // tone.sample_rate))
    facts = _FILE_ID + struct.pack("<QH", len(packets), 0x0101)
    return asf_object(_DATA, facts, *packets), len(packets)


@lru_cache(maxsize=256)
def asf_stream(tone: Tone) -> Stream:
    """Stream description as `head`, data object as `body`, and the number of data packets as the only packet."""
    width = 2 * tone.channels
    rate = tone.sample_rate * width
    wave = struct.pack("<HHIIHHH", 1, tone.channels, tone.sample_rate, rate, width, 16, 0)
    stream = asf_object(_STREAM, _AUDIO, _NO_CORRECTION, struct.pack("<QIIHI", 0, len(wave), 0, 1, 0), wave)
    name = "PCM\0".encode("utf-16-le")
    codec = struct.pack("<HH", 2, len(name) // 2) + name + struct.pack("<HHH", 0, 2, 1)
    head = stream + asf_object(_CODECS, _CODECS_RESERVED, struct.pack("<I", 1), codec)
    body, count = _data_object(tone)
    return Stream(tone.samples, tone.sample_rate, tone.channels, 16, head, body, (struct.pack("<Q", count),))


def asf_file(tone: Tone) -> bytes:
    """A whole file without tags."""
    stream = asf_stream(tone)
    extension = asf_object(_EXTENSION, _EXTENSION_CLOCK, struct.pack("<HI", 6, 0))
    header_size = 30 + _PROPERTIES_SIZE + len(stream.head) + len(extension)
    length = stream.samples * 10_000_000 // stream.sample_rate
    facts = struct.pack("<QQ", header_size + len(stream.body), 0x01D0_0000_0000_0000) + stream.packets[0]
    facts += struct.pack("<QQQIIII", length, length, _PREROLL, 2, _PACKET, _PACKET, stream.sample_rate * 32)
    properties = asf_object(_FILE, _FILE_ID, facts)
    # the properties, the two objects of the stream, and the extension
    header = _HEADER + struct.pack("<QIBB", header_size, 4, 1, 2)
    return header + properties + stream.head + extension + stream.body


def with_file_size(data: bytes) -> bytes:
    """The file with its properties, which come first in its header, telling its size."""
    at = data.index(_FILE) + 24 + len(_FILE_ID)
    return data[:at] + struct.pack("<Q", len(data)) + data[at + 8 :]
