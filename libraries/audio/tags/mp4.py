"""Items of MP4 tags, as iTunes and most others write them: their values, and their way to canonical keys."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from libraries.audio.errors import UnusualFile
from libraries.audio.tags import utf16
from libraries.audio.tags.builder import TagBuilder
from libraries.audio.tags.genres import GENRES

Items = dict[str, list[Any]]

_TEXT_KEYS: Final = {
    "\xa9nam": "title", "\xa9alb": "album", "\xa9ART": "artist", "aART": "albumartist", "\xa9wrt": "composer",
    "\xa9day": "date", "\xa9cmt": "comment", "\xa9grp": "grouping", "\xa9gen": "genre", "cprt": "copyright",
    "soal": "albumsort", "soaa": "albumartistsort", "soar": "artistsort", "sonm": "titlesort", "soco": "composersort",
    "\xa9too": "encodedby", "\xa9con": "conductor", "\xa9dir": "director", "\xa9prd": "producer", "\xa9lab": "label",
    "\xa9mvn": "movementname", "\xa9wrk": "work", "purl": "website", "\xa9st3": "subtitle", "\xa9prf": "performer",
}  # fmt: skip
_NUMBER_KEYS: Final = {"tmpo": "bpm", "\xa9mvi": "movement", "\xa9mvc": "movementtotal"}
_PAIR_KEYS: Final = {"trkn": ("tracknumber", "tracktotal"), "disk": ("discnumber", "disctotal")}
# iTunes: 1 and the older 4 mark explicit, 2 a cleaned version.
_RATINGS: Final = {1: "explicit", 4: "explicit", 2: "clean"}

_HEAD: Final = struct.Struct(">I4s")
_DATA: Final = struct.Struct(">I4sI")
_TEXT, _UTF16, _INTEGER = 1, 2, 21
# lower numbers are languages of old Macs, whose encodings differ
_FIRST_LANGUAGE: Final = 0x400

# What iTunes writes without saying that it is text.
_IMPLICIT_TEXT: Final = frozenset(
    {
        b"\xa9nam", b"\xa9alb", b"\xa9ART", b"aART", b"\xa9wrt", b"\xa9day", b"\xa9cmt", b"\xa9grp", b"\xa9gen",
        b"\xa9lyr", b"\xa9too", b"cprt", b"soal", b"soaa", b"soar", b"sonm", b"soco", b"purl",
    }
)  # fmt: skip
_PAIRS: Final = frozenset({b"trkn", b"disk"})
_NUMBERS: Final = frozenset({b"tmpo", b"\xa9mvi", b"\xa9mvc", b"rtng"})


class UnreadableItem(Exception):
    """One item says nothing that can be used; the others may."""


def add_items(tags: TagBuilder, items: Mapping[str, Any]) -> None:
    """Add items by their names under canonical keys."""
    for key, value in items.items():
        if key == "covr":
            tags.has_picture = bool(value)
        elif key == "\xa9lyr":
            tags.has_lyrics = any(text.strip() for text in value)
        elif key.startswith("----:"):
            tags.add_free(key.rpartition(":")[2], [bytes(item).decode("utf-8", "replace") for item in value])
        elif key in _TEXT_KEYS:
            texts = [item for item in value if isinstance(item, str)]
            tags.add(_TEXT_KEYS[key], texts, "day" if key == "\xa9day" else "")
        elif key in _PAIR_KEYS:
            for name, number in zip(_PAIR_KEYS[key], value[0] if value else (), strict=False):
                tags.add(name, (str(number),) if number else ())
        else:
            _add_number(tags, key, value)


def _add_number(tags: TagBuilder, key: str, value: Any) -> None:
    if key == "cpil":
        tags.add("compilation", ("1",) if value else ())
    elif key == "rtng" and value:
        tags.add("explicitstatus", (_RATINGS.get(value[0], ""),))
    elif key in _NUMBER_KEYS:
        tags.add(_NUMBER_KEYS[key], [str(number) for number in value if number])


def read_item(name: bytes, data: bytes) -> tuple[str, list[Any]]:
    """Return the name and the values of an item that is_known, as mutagen has them."""
    return _READERS[name](name, data)


def read_odd_item(name: bytes, data: bytes) -> tuple[str, list[Any]]:
    """Return the name and what is sound of the values of an item that read_item refuses."""
    key = name.decode("latin-1")
    if name == b"----":
        key, data = _odd_name(data)
    values = [value for kind, chunk in _odd_values(data) if (value := _odd_value(name, kind, chunk)) is not None]
    return ("\xa9gen" if name == b"gnre" else key), values


def read_named_item(name: str, data: bytes) -> tuple[str, list[Any]]:
    """Return the name and the texts of an item whose name stands in a list, as QuickTime has them: as a free one."""
    values = []
    for kind, chunk in _odd_values(data):
        if kind in (_TEXT, _UTF16):
            values.append(utf16.decode(chunk, big_endian=True).encode("utf-8", "replace") if kind == _UTF16 else chunk)
    return f"----:mdta:{name.removeprefix('com.apple.quicktime.')}", values


def read_plain_text(data: bytes) -> list[str]:
    """Return the first of the texts that QuickTime has outside of lists: size and language stand in front of each."""
    size, language = struct.unpack(">HH", data[:4].ljust(4, b"\0"))
    text = data[4 : 4 + size]
    try:
        return [text.decode("utf-8")] if text else []
    except UnicodeDecodeError:
        return [text.decode("mac-roman" if language < _FIRST_LANGUAGE else "latin-1")]


def _odd_name(data: bytes) -> tuple[str, bytes]:
    """Return the name of a free-form item, of whose two parts one may be absent, and what is behind it."""
    parts = {b"mean": b"com.apple.iTunes", b"name": b""}
    at = 0
    while at + 12 <= len(data):
        size, kind = _HEAD.unpack_from(data, at)
        if kind not in parts or size < 12:
            break
        parts[kind] = data[at + 12 : at + size]
        at += size
    return "----:{}:{}".format(*(part.decode("utf-8", "replace") for part in parts.values())), data[at:]


def _odd_values(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Return type and content of the values of an item as far as they are there."""
    at = 0
    while at + 16 <= len(data):
        size, name, flags = _DATA.unpack_from(data, at)
        if size < 16:
            return
        if name == b"data":
            yield flags & 0xFFFFFF, data[at + 16 : at + size]
        at += size


def _odd_value(name: bytes, kind: int, chunk: bytes) -> Any:
    if name == b"----":
        return chunk
    if name in _PAIRS or name in _NUMBERS or name in (b"cpil", b"gnre"):
        return _odd_number(name, kind, chunk)
    if kind not in (0, _TEXT, _UTF16):
        return None
    if kind == _UTF16:
        return utf16.decode(chunk, big_endian=True)
    try:
        return chunk.decode("utf-8")
    except UnicodeDecodeError:
        return chunk.decode("latin-1")


def _odd_number(name: bytes, kind: int, chunk: bytes) -> Any:
    if kind == _TEXT:
        first, _, second = chunk.decode("ascii", "ignore").partition("/")
        numbers = [int(text) if text.isdecimal() and len(text) < 9 else 0 for text in (first.strip(), second.strip())]
    elif name in _PAIRS:
        numbers = [int.from_bytes(chunk[at : at + 2], "big") for at in (2, 4)]
    else:
        numbers = [int.from_bytes(chunk[:8], "big"), 0]
    if name in _PAIRS:
        return tuple(numbers)
    if name == b"gnre":
        return GENRES[numbers[0] - 1] if 1 <= numbers[0] <= len(GENRES) else None
    return bool(numbers[0]) or None if name == b"cpil" else numbers[0]


def is_known(name: bytes) -> bool:
    """Return whether an item of this name matters to the catalog."""
    return name in _READERS


def _values(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Return version, type and content of each value of an item."""
    at = 0
    while at < len(data):
        if at + 12 > len(data):
            raise UnreadableItem
        size, name, flags = _DATA.unpack_from(data, at)
        chunk = data[at + 16 : at + size]
        if name != b"data" or size < 16 or len(chunk) != size - 16:
            raise UnreadableItem
        yield flags >> 24, flags & 0xFFFFFF, chunk
        at += size


def _text(name: bytes, data: bytes) -> tuple[str, list[Any]]:
    values = []
    for _, kind, chunk in _values(data):
        if kind != _TEXT and (kind or name not in _IMPLICIT_TEXT):
            raise UnreadableItem
        try:
            values.append(chunk.decode("utf-8"))
        except UnicodeDecodeError as exc:
            raise UnreadableItem from exc
    return name.decode("latin-1"), values


def _pair(name: bytes, data: bytes) -> tuple[str, list[Any]]:
    return name.decode("latin-1"), [struct.unpack(">2H", chunk[2:6]) for _, _, chunk in _values(data)]


def _number(name: bytes, data: bytes) -> tuple[str, list[Any]]:
    values = []
    for version, kind, chunk in _values(data):
        if version or kind not in (0, _INTEGER) or len(chunk) not in (1, 2, 3, 4, 8):
            raise UnreadableItem
        values.append(int.from_bytes(chunk, "big", signed=True))
    return name.decode("latin-1"), values


def _flag(name: bytes, data: bytes) -> tuple[str, list[Any]]:
    chunks = [chunk for _, _, chunk in _values(data)]
    if len(chunks) != 1 or len(chunks[0]) != 1:
        raise UnusualFile
    # only a set flag is worth a value
    return name.decode("latin-1"), [True] if chunks[0][0] else []


def _genre(_: bytes, data: bytes) -> tuple[str, list[Any]]:
    values = []
    for _version, _kind, chunk in _values(data):
        number = int.from_bytes(chunk, "big")
        if len(chunk) != 2 or not 1 <= number <= len(GENRES):
            raise UnusualFile
        values.append(GENRES[number - 1])
    return "\xa9gen", values


def _freeform(_: bytes, data: bytes) -> tuple[str, list[Any]]:
    mean = int.from_bytes(data[:4], "big")
    name = int.from_bytes(data[mean : mean + 4], "big")
    at = mean + name
    if mean < 12 or name < 12 or at > len(data):
        raise UnusualFile
    key = b"----:" + data[12:mean] + b":" + data[mean + 12 : at]
    values = []
    while at < len(data):
        size, kind = _HEAD.unpack_from(data, at)
        if kind != b"data" or size < 1:
            raise UnreadableItem
        values.append(data[at + 16 : at + size])
        at += size
    return key.decode("latin-1"), values


_READERS: Final[dict[bytes, Callable[[bytes, bytes], tuple[str, list[Any]]]]] = {
    **{key.encode("latin-1"): _text for key in (*_TEXT_KEYS, "\xa9lyr")},
    **dict.fromkeys(_PAIRS, _pair),
    **dict.fromkeys(_NUMBERS, _number),
    b"cpil": _flag,
    b"gnre": _genre,
    b"----": _freeform,
}
