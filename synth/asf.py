"""ASF (.wma) around plain PCM, which every player of the container decodes."""

import struct
import uuid
from functools import lru_cache

from synth.tones import Stream, Tone, pcm16

_PACKET = 3200
_PACKET_HEAD = 3 + 2 + 2 + 4 + 2 + 1 + 1 + 4 + 1 + 8
_PREROLL = 0


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
_CONTENT = guid("75B22633-668E-11CF-A6D9-00AA0062CE6C")
_EXTENDED = guid("D2D0A440-E307-11D2-97F0-00A0C95EA850")
LIBRARY = guid("44231C94-9498-49D1-A141-1D134E457054")
_FILE_ID = guid("6E617669-6472-6F6D-6520-73796E746801")


def asf_object(identifier: bytes, *parts: bytes) -> bytes:
    """One object."""
    data = b"".join(parts)
    return identifier + struct.pack("<Q", len(data) + 24) + data


def content_object(title: str, author: str, comment: str) -> bytes:
    """The content description: title, author, copyright, description, rating."""
    texts = [(text + "\0").encode("utf-16-le") if text else b"" for text in (title, author, "", comment, "")]
    return asf_object(_CONTENT, struct.pack("<5H", *map(len, texts)), *texts)


def extended_object(pairs: list[tuple[str, str]]) -> bytes:
    """The extended content description, text values only."""
    rows = []
    for name, value in pairs:
        label, text = (name + "\0").encode("utf-16-le"), (value + "\0").encode("utf-16-le")
        rows.append(struct.pack("<H", len(label)) + label + struct.pack("<HH", 0, len(text)) + text)
    return asf_object(_EXTENDED, struct.pack("<H", len(rows)), *rows)


def picture_object(mime: str, data: bytes) -> bytes:
    """A metadata library that holds the front cover; a picture may be larger than the other objects allow."""
    value = struct.pack("<BI", 3, len(data)) + (mime + "\0\0").encode("utf-16-le") + data
    name = "WM/Picture\0".encode("utf-16-le")
    row = struct.pack("<HHHHI", 0, 0, len(name), 1, len(value)) + name + value
    return asf_object(LIBRARY, struct.pack("<H", 1), row)


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


def asf_file(tone: Tone, content: bytes, extended: bytes, picture: bytes) -> bytes:
    """A whole file; the file properties know its final size."""
    stream = asf_stream(tone)
    extension = asf_object(_EXTENSION, _EXTENSION_CLOCK, struct.pack("<HI", 6, len(picture)), picture)
    rest = [part for part in (stream.head, extension, content, extended) if part]
    properties_size = 104
    # The stream description is two objects, and the file properties are one more.
    header_size = 30 + properties_size + sum(map(len, rest))
    length = stream.samples * 10_000_000 // stream.sample_rate
    facts = struct.pack("<QQ", header_size + len(stream.body), 0x01D0_0000_0000_0000) + stream.packets[0]
    facts += struct.pack("<QQQIIII", length, length, _PREROLL, 2, _PACKET, _PACKET, stream.sample_rate * 32)
    properties = asf_object(_FILE, _FILE_ID, facts)
    header = _HEADER + struct.pack("<QIBB", header_size, len(rest) + 2, 1, 2)
    return header + properties + b"".join(rest) + stream.body
