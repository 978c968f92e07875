"""MP4: the atoms of AAC and ALAC files as iTunes and most others write them.

The atoms are walked where they lie: neither the tables of the audio nor the pictures are read. What is unusual is left
to mp4_unusual.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, Final

from libraries.audio.errors import UnusualFile, damaged
from libraries.audio.file import Window
from libraries.audio.formats import front_tags, mp4_unusual
from libraries.audio.formats.format import load_fallback
from libraries.audio.formats.mp4_codecs import stream_info
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.tags import mp4 as tags
from libraries.audio.types import FRONT_COVER, AudioExtent, Picture, StreamInfo

_HEAD: Final = struct.Struct(">I4s")
_MAX_ATOMS: Final = 4096
_MAX_ITEM: Final = 1024 * 1024
_AAC_LC: Final = 2
_AAC_RATES: Final = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
# AAC of a lower rate may be doubled by SBR without a word of it
_HIGHEST_DOUBLED: Final = 24000
_UNKNOWN_LENGTHS: Final = frozenset({0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF})

# name, and where the content begins and ends
Atom = tuple[bytes, int, int]


def read(file: OpenFile) -> StreamInfo:
    """Return the facts of the audio and add the tags, then what only tags around the container say."""
    try:
        items, info = _read(file.source, file.audio_at)
    except (struct.error, IndexError, UnusualFile):
        items, info = mp4_unusual.read(file)
    tags.add_items(file.tags, items)
    front_tags.fill_from_around(file)
    return info


def raw_tags(file: OpenFile) -> Iterable[tuple[str, Any]]:
    """Return all items as mutagen shows them, or those that matter to the catalog where it cannot read the file."""
    own = list(mp4_unusual.raw_tags(file))
    found: list[tuple[str, Any]] = []
    with suppress(Exception):  # it raises anything
        found += load_fallback().raw_tags(file)
    yield from found or own
    yield from front_tags.raw_tags(file)


def pictures(file: OpenFile) -> Iterable[Picture]:
    """Return the covers of the tags, then those of tags around the container."""
    for image in mp4_unusual.pictures(file):
        yield Picture(image, FRONT_COVER)
    yield from front_tags.pictures(file)


def audio_extent(file: OpenFile) -> AudioExtent:
    """Return the extent of the largest `mdat` atom."""
    size, begin = 0, 0
    with suppress(UnusualFile):
        for name, at, end in _top_atoms(file.source, file.audio_at):
            if name == b"mdat":
                size, begin = max((size, begin), (min(end, file.source.size) - at, at))
    if size <= 0:
        raise damaged("there is no audio in it")
    return AudioExtent(begin, size)


def _read(source: Window, at: int) -> tuple[tags.Items, StreamInfo]:
    """Return the items of the tag, with a mere note of a picture, and the facts of the audio."""
    begin, end = _find_movie(source, at)
    info: StreamInfo | None = None
    items: tags.Items | None = None
    for name, at, last in _atoms(source, begin, end):
        if name == b"trak" and info is None:
            info = _read_track(source, at, last)
        elif name == b"udta" and items is None:
            items = _read_user_data(source, at, last)
        elif name in (b"udta", b"meta"):
            raise UnusualFile
    # tags that are not where they are looked for may be elsewhere, and so may a length
    if info is None or not info.duration or items == {}:
        raise UnusualFile
    return items or {}, info


def _find_movie(source: Window, start: int) -> tuple[int, int]:
    found = None
    for name, at, end in _top_atoms(source, start):
        if name == b"moof":
            raise UnusualFile
        if name == b"moov" and found is None:
            found = at, end
    if found is None or found[1] > source.size:
        raise UnusualFile
    return found


def _top_atoms(source: Window, at: int) -> Iterator[Atom]:
    for _ in range(_MAX_ATOMS):
        head = source.get(at, 8)
        if len(head) < 8:
            return
        (size, name), begin = _HEAD.unpack(head), at + 8
        if size == 1:
            size, begin = int.from_bytes(source.get(at + 8, 8), "big"), at + 16
        elif size == 0:
            size = source.size - at
        if at + size < begin:
            raise UnusualFile
        yield name, begin, at + size
        at += size
    raise UnusualFile


def _atoms(source: Window, at: int, end: int) -> Iterator[Atom]:
    """Return the atoms inside another."""
    unpack = _HEAD.unpack
    while at < end:
        size, name = unpack(source.get(at, 8))
        last = at + size
        if size < 8 or last > end:
            raise UnusualFile
        yield name, at + 8, last
        at = last


def _first(source: Window, at: int, end: int, wanted: frozenset[bytes]) -> dict[bytes, tuple[int, int]]:
    """Return the first atom of each wanted name."""
    found: dict[bytes, tuple[int, int]] = {}
    for name, begin, last in _atoms(source, at, end):
        if name in wanted:
            found.setdefault(name, (begin, last))
    return found


_MDIA, _STBL, _STSD, _META, _ILST = (frozenset({name}) for name in (b"mdia", b"stbl", b"stsd", b"meta", b"ilst"))
_IN_MDIA: Final = frozenset({b"hdlr", b"mdhd", b"minf"})


def _need(found: dict[bytes, tuple[int, int]], name: bytes) -> tuple[int, int]:
    if name not in found:
        raise UnusualFile
    return found[name]


def _read_track(source: Window, at: int, end: int) -> StreamInfo | None:
    """Return the facts of an audio track, None for a track of something else."""
    media = _first(source, *_need(_first(source, at, end, _MDIA), b"mdia"), _IN_MDIA)
    handler, _ = _need(media, b"hdlr")
    if source.get(handler + 8, 4) != b"soun":
        return None
    head, head_end = _need(media, b"mdhd")
    data = source.get(head, head_end - head)
    if data[0] > 1:
        raise UnusualFile
    unit, length = struct.unpack_from(">2I" if data[0] == 0 else ">IQ", data, 12 if data[0] == 0 else 20)
    table = _need(_first(source, *_need(media, b"minf"), _STBL), b"stbl")
    entries, entries_end = _need(_first(source, *table, _STSD), b"stsd")
    entry = source.get(entries, entries_end - entries)
    duration = length / unit if unit and length not in _UNKNOWN_LENGTHS else 0.0
    return _read_entry(entry, duration)


def _read_entry(data: bytes, duration: float) -> StreamInfo:
    """Return the facts out of the first description of the audio: AAC or ALAC."""
    if len(data) < 8 + 28 + 8 or data[0] or not int.from_bytes(data[4:8], "big"):
        raise UnusualFile
    size, name = _HEAD.unpack_from(data, 8)
    entry = data[16 : 8 + size]
    channels, depth = struct.unpack_from(">2H", entry, 16)
    rate = int.from_bytes(entry[24:26], "big")
    inner, inner_name = _HEAD.unpack_from(entry, 28)
    extra = entry[36 : 28 + inner]
    if len(entry) != size - 8 or inner < 8 or len(extra) != inner - 8:
        raise UnusualFile
    if (name, inner_name) == (b"mp4a", b"esds"):
        codec, bits, channels, rate = _read_descriptor(extra, channels, rate)
        return stream_info(codec, duration, bits, rate, depth, channels)
    if (name, inner_name) == (b"alac", b"alac") and not extra[0] and not extra[8] and len(extra) >= 28:
        bits, rate = struct.unpack_from(">2I", extra, 20)
        return stream_info("alac", duration, bits, rate, extra[9], extra[13])
    raise UnusualFile


def _read_descriptor(data: bytes, channels: int, rate: int) -> tuple[str, int, int, int]:
    """Return codec, bits per second, channels and Hz of an elementary stream; AAC itself knows the last two best."""
    if data[0] or data[4] != 3:
        raise UnusualFile
    at = _after_length(data, 5)
    if data[at + 2] & 0xE0 or data[at + 3] != 4:
        raise UnusualFile
    at = _after_length(data, at + 4)
    kind, stream = data[at], data[at + 1] >> 2
    bits = int.from_bytes(data[at + 9 : at + 13], "big")
    if (kind, stream) != (0x40, 5) or data[at + 13] != 5:
        raise UnusualFile
    begin = _after_length(data, at + 14)
    # a length that fits into seven bits; some write it with zeros in front
    length = data[begin - 1]
    config = data[begin : begin + length]
    if length < 2 or len(config) != length or any(byte & 0x7F for byte in data[at + 14 : begin - 1]):
        raise UnusualFile
    own_channels, own_rate = _read_aac(config)
    return f"mp4a.40.{_AAC_LC}", bits, own_channels or channels, own_rate or rate


def _after_length(data: bytes, at: int) -> int:
    """Return the place behind the length of a descriptor, which takes one to four bytes."""
    for place in range(at, at + 4):
        if data[place] < 0x80:
            return place + 1
    raise UnusualFile


def _read_aac(config: bytes) -> tuple[int, int]:
    """Return channels and Hz of plain AAC-LC, each 0 where the description leaves it to others."""
    word = int.from_bytes(config[:2], "big")
    kind, rate, channels, flags = word >> 11, word >> 7 & 15, word >> 3 & 15, word & 7
    if kind != _AAC_LC or rate >= len(_AAC_RATES) or not 1 <= channels <= 7 or flags & 3:
        raise UnusualFile
    hertz = _AAC_RATES[rate]
    count = 8 if channels == 7 else channels
    if len(config) >= 4:
        tail = int.from_bytes(config[2:5].ljust(3, b"\0"), "big")
        if tail >> 13 == 0x2B7:
            # an extension is spoken of: it must be SBR, and absent
            if tail >> 8 & 31 != 5 or len(config) < 5 or tail >> 7 & 1:
                raise UnusualFile
            return 0 if channels == 1 else count, hertz
    # parametric stereo would make two channels of one, and SBR twice the rate, without a word of it
    return 0 if channels == 1 else count, hertz if hertz > _HIGHEST_DOUBLED else 0


def _read_user_data(source: Window, at: int, end: int) -> tags.Items | None:
    found = _first(source, at, end, frozenset({b"meta", b"chpl"}))
    if b"chpl" in found:
        raise UnusualFile  # chapters
    if b"meta" not in found:
        return {}
    begin, last = found[b"meta"]
    lists = _first(source, begin + 4, last, _ILST)
    return _read_items(source, *lists[b"ilst"]) if b"ilst" in lists else {}


def _read_items(source: Window, at: int, end: int) -> tags.Items:
    items: tags.Items = {}
    for name, begin, last in _atoms(source, at, end):
        if name == b"covr":
            _note_picture(items, source, begin, last)
            continue
        if not tags.is_known(name):
            continue
        if last - begin > _MAX_ITEM:
            raise UnusualFile
        data = source.get(begin, last - begin)
        try:
            key, values = tags.read_item(name, data)
        except tags.UnreadableItem:
            continue
        items.setdefault(key, []).extend(values)
    return items


def _note_picture(items: tags.Items, source: Window, at: int, end: int) -> None:
    if at == end:
        return
    size, name = _HEAD.unpack(source.get(at, 8))
    if name != b"data" or size < 16 or at + size > end:
        raise UnusualFile
    items["covr"] = [True]
