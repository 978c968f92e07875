"""ASF files with sound alone (WMA). Whatever is odd is left to the tag library."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final

from libraries.audio.file import Window
from libraries.audio.formats.open_file import Odd, Sound

# (name, text); the text of what is binary is None
Pairs = list[tuple[str, str | None]]


def _guid(text: str) -> bytes:
    return uuid.UUID(text).bytes_le


_HEADER: Final = _guid("75B22630-668E-11CF-A6D9-00AA0062CE6C")
_FILE: Final = _guid("8CABDCA1-A947-11CF-8EE4-00C00C205365")
_STREAM: Final = _guid("B7DC0791-A9B7-11CF-8EE6-00C00C205365")
_CODECS: Final = _guid("86D15240-311D-11D0-A3A4-00A0C90348F6")
_EXTENSION: Final = _guid("5FBF03B5-A92E-11CF-8EE3-00C00C205365")
_CONTENT: Final = _guid("75B22633-668E-11CF-A6D9-00AA0062CE6C")
_EXTENDED: Final = _guid("D2D0A440-E307-11D2-97F0-00A0C95EA850")
_METADATA: Final = _guid("C5F8CBEA-5BAF-4877-8467-AA8C44FA4CCA")
_LIBRARY: Final = _guid("44231C94-9498-49D1-A141-1D134E457054")
_AUDIO: Final = _guid("F8699E40-5B4D-11CF-A8FD-00805F5C442B")

_OBJECT: Final = struct.Struct("<16sQ")
_HEAD: Final = struct.Struct("<16sQI2x")
_EXTENSION_HEAD: Final = 46
_MAX_HEADER: Final = 1024 * 1024
_CONTENT_NAMES: Final = ("Title", "Author", "Copyright", "Description", "Rating")
_ROW: Final = struct.Struct("<2x2xHHI")
_TEXT, _BYTES, _BOOLEAN, _DWORD, _QWORD, _WORD, _IDENTIFIER = range(7)
_WIDTHS: Final = {_DWORD: 4, _QWORD: 8, _WORD: 2}
_TICKS: Final = 10_000_000
_SOUND_ENTRY: Final = 2
# the number of a codec → its plain name
_CODEC_NAMES: Final = {
    0x0001: "wma", 0x000A: "wmavoice", 0x000B: "wmavoice", 0x0160: "wma", 0x0161: "wma", 0x0162: "wmapro",
    0x0163: "wmalossless", 0x0164: "wmapro",
}  # fmt: skip


def read_asf(source: Window) -> tuple[Pairs, Sound] | None:
    """The attributes in the order that the objects have by their kind, and the facts of the sound."""
    try:
        return _read(source)
    except (Odd, struct.error, UnicodeDecodeError, IndexError):
        return None


def _read(source: Window) -> tuple[Pairs, Sound]:
    mark, size, count = _HEAD.unpack(source.get(0, _HEAD.size))
    if mark != _HEADER or not _HEAD.size <= size <= _MAX_HEADER:
        raise Odd
    data = source.get(0, size)
    if len(data) != size:
        raise Odd
    found: dict[bytes, Pairs] = {}
    once: dict[bytes, tuple[int, int]] = {}
    for name, at, end in chain.from_iterable(_with_extension(data, part) for part in _objects(data, count)):
        if (read := _ATTRIBUTES.get(name)) is not None:
            found.setdefault(name, []).extend(read(data, at, end))
        elif name in _FACTS:
            if name in once:
                raise Odd
            once[name] = at, end
    pairs = [pair for name in _ATTRIBUTES for pair in found.get(name, ())]
    return pairs, _sound(data, once)


Object = tuple[bytes, int, int]


def _object(data: bytes, at: int, stop: int) -> Object:
    """The object at this place: identifier, and where the content begins and ends."""
    name, size = _OBJECT.unpack_from(data, at)
    if size < _OBJECT.size or at + size > stop:
        raise Odd
    return name, at + _OBJECT.size, at + size


def _objects(data: bytes, count: int) -> Iterator[Object]:
    """The objects of the header."""
    at = _HEAD.size
    for _ in range(count):
        found = _object(data, at, len(data))
        yield found
        at = found[2]


def _with_extension(data: bytes, part: Object) -> Iterator[Object]:
    """An object, or those inside of it when it is the extension of the header."""
    name, begin, end = part
    if name != _EXTENSION:
        yield part
        return
    at = begin + _EXTENSION_HEAD - _OBJECT.size
    stop = at + int.from_bytes(data[at - 4 : at], "little")
    if stop > end:
        raise Odd
    while at < stop:
        inner = _object(data, at, stop)
        # what belongs outside is not expected here
        if inner[0] in _OUTSIDE:
            raise Odd
        yield inner
        at = inner[2]


def _text(data: bytes) -> str:
    return data.decode("utf-16-le").strip("\0")


def _content(data: bytes, at: int, end: int) -> Iterator[tuple[str, str]]:
    """The five texts that every file may have."""
    sizes = struct.unpack_from("<5H", data, at)
    at += 10
    if at + sum(sizes) > end:
        raise Odd
    for name, size in zip(_CONTENT_NAMES, sizes, strict=True):
        if size:
            yield name, _text(data[at : at + size])
        at += size


def _extended(data: bytes, at: int, end: int) -> Iterator[tuple[str, str | None]]:
    """Attributes with short values."""
    number = int.from_bytes(data[at : at + 2], "little")
    at += 2
    for _ in range(number):
        begin = at + 2
        at = begin + int.from_bytes(data[at:begin], "little")
        kind, size = struct.unpack_from("<HH", data, at)
        if at + 4 + size > end:
            raise Odd
        yield _text(data[begin:at]), _value(kind, data[at + 4 : at + 4 + size], 4)
        at += 4 + size


def _metadata(data: bytes, at: int, end: int) -> Iterator[tuple[str, str | None]]:
    """Attributes with values of any size."""
    number = int.from_bytes(data[at : at + 2], "little")
    at += 2
    for _ in range(number):
        width, kind, size = _ROW.unpack_from(data, at)
        begin = at + _ROW.size + width
        if begin + size > end:
            raise Odd
        value = None if kind == _BYTES else _value(kind, data[begin : begin + size], 2)
        yield _text(data[begin - width : begin]), value
        at = begin + size


def _value(kind: int, data: bytes, boolean_width: int) -> str | None:
    if kind == _TEXT:
        return _text(data)
    if kind in (_BYTES, _IDENTIFIER):
        return None
    if len(data) != (boolean_width if kind == _BOOLEAN else _WIDTHS.get(kind)):
        raise Odd
    number = int.from_bytes(data, "little")
    return str(number if kind != _BOOLEAN else int(number == 1))


def _sound(data: bytes, facts: dict[bytes, tuple[int, int]]) -> Sound:
    if _FILE not in facts or _STREAM not in facts:
        raise Odd
    at, end = facts[_FILE]
    if end - at < 64:
        raise Odd
    ticks, preroll = struct.unpack_from("<Q8xQ", data, at + 40)
    at, end = facts[_STREAM]
    if data[at : at + 16] != _AUDIO or end - at < 66:
        raise Odd
    channels, rate, bytes_per_second = struct.unpack_from("<HII", data, at + 56)
    duration = max(ticks / _TICKS - preroll / 1000, 0.0)
    return Sound(_codec(data, facts.get(_CODECS)), duration, bytes_per_second * 8, rate, channels=channels)


def _codec(data: bytes, entries: tuple[int, int] | None) -> str:
    """The name of the codec, out of the list that says it by a number."""
    if entries is None:
        raise Odd
    at, end = entries
    (number,) = struct.unpack_from("<I", data, at + 16)
    at += 20
    for _ in range(number):
        kind, *_ = struct.unpack_from("<H", data, at)
        at += 2
        for _ in ("name", "description"):
            at += 2 + 2 * int.from_bytes(data[at : at + 2], "little")
        size = int.from_bytes(data[at : at + 2], "little")
        begin = at + 2
        at = begin + size
        if at > end:
            raise Odd
        if kind == _SOUND_ENTRY:
            codec = _CODEC_NAMES.get(int.from_bytes(data[begin:at], "little")) if size == 2 else None
            if codec is None:
                raise Odd
            return codec
    raise Odd


_ATTRIBUTES: Final[dict[bytes, Callable[[bytes, int, int], Iterator[tuple[str, str | None]]]]] = {
    _CONTENT: _content,
    _EXTENDED: _extended,
    _METADATA: _metadata,
    _LIBRARY: _metadata,
}
_FACTS: Final = frozenset({_FILE, _STREAM, _CODECS})
_OUTSIDE: Final = _FACTS | {_CONTENT, _EXTENDED, _EXTENSION}
