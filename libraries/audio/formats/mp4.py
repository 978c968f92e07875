"""MP4 files as iTunes and most others write them. Whatever is odd is left to the tag library.

The atoms are walked where they lie: neither the tables of the sound nor the pictures are read.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any, Final

from libraries.audio.file import Window
from libraries.audio.formats.open_file import Odd, Sound
from libraries.audio.tags import describe as tagmaps
from libraries.audio.tags.genres import GENRES

_HEAD: Final = struct.Struct(">I4s")
_DATA: Final = struct.Struct(">I4sI")
_MAX_ITEM: Final = 1024 * 1024
_TEXT, _INTEGER = 1, 21
_AAC_LC: Final = 2
_AAC_RATES: Final = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_HIGHEST_DOUBLED: Final = 24000

# What iTunes writes without saying that it is text.
_IMPLICIT_TEXT: Final = frozenset(
    {
        b"\xa9nam", b"\xa9alb", b"\xa9ART", b"aART", b"\xa9wrt", b"\xa9day", b"\xa9cmt", b"\xa9grp", b"\xa9gen",
        b"\xa9lyr", b"\xa9too", b"cprt", b"soal", b"soaa", b"soar", b"sonm", b"soco", b"purl",
    }
)  # fmt: skip
_PAIRS: Final = frozenset({b"trkn", b"disk"})
_NUMBERS: Final = frozenset({b"tmpo", b"\xa9mvi", b"\xa9mvc", b"rtng"})

Atom = tuple[bytes, int, int]
Items = dict[str, Any]


class _Unreadable(Exception):
    """One item says nothing that can be used; the others may."""


def read_mp4(source: Window) -> tuple[Items, Sound] | None:
    """The items of the tag by their names, with values as the tag library has them, and the sound.

    Of a picture there is only a note.
    """
    try:
        return _read(source)
    except (Odd, struct.error, IndexError):
        return None


def _read(source: Window) -> tuple[Items, Sound]:
    begin, end = _find_movie(source)
    sound: Sound | None = None
    items: Items | None = None
    for name, at, last in _atoms(source, begin, end):
        if name == b"trak" and sound is None:
            sound = _read_track(source, at, last)
        elif name == b"udta" and items is None:
            items = _read_user_data(source, at, last)
    if sound is None:
        raise Odd
    return items or {}, sound


def _find_movie(source: Window) -> tuple[int, int]:
    at = 0
    found = None
    while at + 8 <= source.size:
        size, name = _HEAD.unpack(source.get(at, 8))
        head = 8
        if size == 1:
            size, head = int.from_bytes(source.get(at + 8, 8), "big"), 16
        elif size == 0:
            size = source.size - at
        if size < head or name == b"moof":
            raise Odd
        if name == b"moov" and found is None:
            found = at + head, at + size
        at += size
    if found is None or found[1] > source.size:
        raise Odd
    return found


def _atoms(source: Window, at: int, end: int) -> Iterator[Atom]:
    """The atoms inside another: name, and where the content begins and ends."""
    unpack = _HEAD.unpack
    while at < end:
        size, name = unpack(source.get(at, 8))
        last = at + size
        if size < 8 or last > end:
            raise Odd
        yield name, at + 8, last
        at = last


def _first(source: Window, at: int, end: int, wanted: frozenset[bytes]) -> dict[bytes, tuple[int, int]]:
    """The first atom of each wanted name."""
    found: dict[bytes, tuple[int, int]] = {}
    for name, begin, last in _atoms(source, at, end):
        if name in wanted:
            found.setdefault(name, (begin, last))
    return found


_MDIA, _STBL, _STSD, _META, _ILST = (frozenset({name}) for name in (b"mdia", b"stbl", b"stsd", b"meta", b"ilst"))
_IN_MDIA: Final = frozenset({b"hdlr", b"mdhd", b"minf"})


def _need(found: dict[bytes, tuple[int, int]], name: bytes) -> tuple[int, int]:
    if name not in found:
        raise Odd
    return found[name]


def _read_track(source: Window, at: int, end: int) -> Sound | None:
    """The sound of a track, None for a track of something else."""
    media = _first(source, *_need(_first(source, at, end, _MDIA), b"mdia"), _IN_MDIA)
    handler, _ = _need(media, b"hdlr")
    if source.get(handler + 8, 4) != b"soun":
        return None
    head, head_end = _need(media, b"mdhd")
    data = source.get(head, head_end - head)
    if data[0] > 1:
        raise Odd
    unit, length = struct.unpack_from(">2I" if data[0] == 0 else ">IQ", data, 12 if data[0] == 0 else 20)
    table = _need(_first(source, *_need(media, b"minf"), _STBL), b"stbl")
    entries, entries_end = _need(_first(source, *table, _STSD), b"stsd")
    entry = source.get(entries, entries_end - entries)
    duration = length / unit if unit else 0.0
    return _read_entry(entry, duration)


def _read_entry(data: bytes, duration: float) -> Sound:
    """The first description of the sound: AAC or ALAC."""
    if len(data) < 8 + 28 + 8 or data[0] or not int.from_bytes(data[4:8], "big"):
        raise Odd
    size, name = _HEAD.unpack_from(data, 8)
    entry = data[16 : 8 + size]
    channels, depth = struct.unpack_from(">2H", entry, 16)
    rate = int.from_bytes(entry[24:26], "big")
    inner, inner_name = _HEAD.unpack_from(entry, 28)
    extra = entry[36 : 28 + inner]
    if len(entry) != size - 8 or inner < 8 or len(extra) != inner - 8:
        raise Odd
    if (name, inner_name) == (b"mp4a", b"esds"):
        codec, bits, channels, rate = _read_descriptor(extra, channels, rate)
        return tagmaps.mp4_sound(codec, duration, bits, rate, depth, channels)
    if (name, inner_name) == (b"alac", b"alac") and not extra[0] and not extra[8] and len(extra) >= 28:
        bits, rate = struct.unpack_from(">2I", extra, 20)
        return tagmaps.mp4_sound("alac", duration, bits, rate, extra[9], extra[13])
    raise Odd


def _read_descriptor(data: bytes, channels: int, rate: int) -> tuple[str, int, int, int]:
    """Codec, bits per second, channels and Hz of an elementary stream; AAC's own word on the last two goes first."""
    if data[0] or data[4] != 3:
        raise Odd
    at = _after_length(data, 5)
    if data[at + 2] & 0xE0 or data[at + 3] != 4:
        raise Odd
    at = _after_length(data, at + 4)
    kind, stream = data[at], data[at + 1] >> 2
    bits = int.from_bytes(data[at + 9 : at + 13], "big")
    if (kind, stream) != (0x40, 5) or data[at + 13] != 5:
        raise Odd
    begin = _after_length(data, at + 14)
    # a length that fits into seven bits; some write it with zeros in front
    length = data[begin - 1]
    config = data[begin : begin + length]
    if length < 2 or len(config) != length or any(byte & 0x7F for byte in data[at + 14 : begin - 1]):
        raise Odd
    own_channels, own_rate = _read_aac(config)
    return f"mp4a.40.{_AAC_LC}", bits, own_channels or channels, own_rate or rate


def _after_length(data: bytes, at: int) -> int:
    """The place behind the length of a descriptor, which takes one to four bytes."""
    for place in range(at, at + 4):
        if data[place] < 0x80:
            return place + 1
    raise Odd


def _read_aac(config: bytes) -> tuple[int, int]:
    """Channels and Hz of plain AAC-LC, each 0 where the description leaves it to others (a hidden SBR doubles)."""
    word = int.from_bytes(config[:2], "big")
    kind, rate, channels, flags = word >> 11, word >> 7 & 15, word >> 3 & 15, word & 7
    if kind != _AAC_LC or rate >= len(_AAC_RATES) or not 1 <= channels <= 7 or flags & 3:
        raise Odd
    hertz = _AAC_RATES[rate]
    count = 8 if channels == 7 else channels
    if len(config) >= 4:
        tail = int.from_bytes(config[2:5].ljust(3, b"\0"), "big")
        if tail >> 13 == 0x2B7:
            # an extension is spoken of: it must be SBR, and absent
            if tail >> 8 & 31 != 5 or len(config) < 5 or tail >> 7 & 1:
                raise Odd
            return 0 if channels == 1 else count, hertz
    # parametric stereo would make two channels of one, and SBR twice the rate, without a word of it
    return 0 if channels == 1 else count, hertz if hertz > _HIGHEST_DOUBLED else 0


def _read_user_data(source: Window, at: int, end: int) -> Items | None:
    found = _first(source, at, end, frozenset({b"meta", b"chpl"}))
    if b"chpl" in found:
        raise Odd  # chapters, which only the library checks
    if b"meta" not in found:
        return {}
    begin, last = found[b"meta"]
    lists = _first(source, begin + 4, last, _ILST)
    return _read_items(source, *lists[b"ilst"]) if b"ilst" in lists else {}


def _read_items(source: Window, at: int, end: int) -> Items:
    items: Items = {}
    for name, begin, last in _atoms(source, at, end):
        if name == b"covr":
            _note_picture(items, source, begin, last)
            continue
        read = _READERS.get(name)
        if read is None:
            continue
        if last - begin > _MAX_ITEM:
            raise Odd
        data = source.get(begin, last - begin)
        try:
            key, values = read(name, data)
        except _Unreadable:
            continue
        items.setdefault(key, []).extend(values)
    return items


def _note_picture(items: Items, source: Window, at: int, end: int) -> None:
    if at == end:
        return
    size, name = _HEAD.unpack(source.get(at, 8))
    if name != b"data" or size < 16 or at + size > end:
        raise Odd
    items["covr"] = [True]


def _values(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Version, type and content of each value of an item."""
    at = 0
    while at < len(data):
        if at + 12 > len(data):
            raise _Unreadable
        size, name, flags = _DATA.unpack_from(data, at)
        chunk = data[at + 16 : at + size]
        if name != b"data" or size < 16 or len(chunk) != size - 16:
            raise _Unreadable
        yield flags >> 24, flags & 0xFFFFFF, chunk
        at += size


def _text(name: bytes, data: bytes) -> tuple[str, list[Any]]:
    values = []
    for _, kind, chunk in _values(data):
        if kind != _TEXT and (kind or name not in _IMPLICIT_TEXT):
            raise _Unreadable
        try:
            values.append(chunk.decode("utf-8"))
        except UnicodeDecodeError as exc:
            raise _Unreadable from exc
    return name.decode("latin-1"), values


def _pair(name: bytes, data: bytes) -> tuple[str, list[Any]]:
    return name.decode("latin-1"), [struct.unpack(">2H", chunk[2:6]) for _, _, chunk in _values(data)]


def _number(name: bytes, data: bytes) -> tuple[str, list[Any]]:
    values = []
    for version, kind, chunk in _values(data):
        if version or kind not in (0, _INTEGER) or len(chunk) not in (1, 2, 3, 4, 8):
            raise _Unreadable
        values.append(int.from_bytes(chunk, "big", signed=True))
    return name.decode("latin-1"), values


def _flag(name: bytes, data: bytes) -> tuple[str, list[Any]]:
    chunks = [chunk for _, _, chunk in _values(data)]
    if len(chunks) != 1 or len(chunks[0]) != 1:
        raise Odd
    # only a set flag is worth a value
    return name.decode("latin-1"), [True] if chunks[0][0] else []


def _genre(_: bytes, data: bytes) -> tuple[str, list[Any]]:
    values = []
    for _version, _kind, chunk in _values(data):
        number = int.from_bytes(chunk, "big")
        if len(chunk) != 2 or not 1 <= number <= len(GENRES):
            raise Odd
        values.append(GENRES[number - 1])
    return "\xa9gen", values


def _freeform(_: bytes, data: bytes) -> tuple[str, list[Any]]:
    mean = int.from_bytes(data[:4], "big")
    name = int.from_bytes(data[mean : mean + 4], "big")
    at = mean + name
    if mean < 12 or name < 12 or at > len(data):
        raise Odd
    key = b"----:" + data[12:mean] + b":" + data[mean + 12 : at]
    values = []
    while at < len(data):
        size, kind = _HEAD.unpack_from(data, at)
        if kind != b"data" or size < 1:
            raise _Unreadable
        values.append(data[at + 16 : at + size])
        at += size
    return key.decode("latin-1"), values


_READERS: Final[dict[bytes, Callable[[bytes, bytes], tuple[str, list[Any]]]]] = {
    **{key.encode("latin-1"): _text for key in tagmaps.MP4_TEXT_KEYS},
    **dict.fromkeys(_PAIRS, _pair),
    **dict.fromkeys(_NUMBERS, _number),
    b"cpil": _flag,
    b"gnre": _genre,
    b"----": _freeform,
}
