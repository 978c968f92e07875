"""APEv2 tags, which may end a stream of any kind: a tolerant reader, and their way to canonical keys.

What ends a bare stream is one tag or several in any order: ID3v1, Lyrics3, APEv2, ID3v2.4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from libraries.audio.file import WINDOW, Source
from libraries.audio.tags.builder import TagBuilder
from libraries.audio.tags.text import decode_utf_8
from libraries.audio.types import FRONT_COVER, Picture

_MARK: Final = b"APETAGEX"
_FOOTER: Final = struct.Struct("<8s4xIII8x")
_ITEM: Final = struct.Struct("<II")
_IS_HEADER: Final = 0x20000000
_V1_SIZE: Final = 128
_ID3V2_MARK: Final = b"3DI"
_LYRICS_MARKS: Final = (b"LYRICS200", b"LYRICSEND")
_LYRICS_BEGIN: Final = b"LYRICSBEGIN"
_LONGEST_LYRICS: Final = 5100 + 20
_LYRICS_END: Final = 15
_MAX_TAGS: Final = 6
_MAX_ITEMS: Final = 10_000
_LONGEST_NAME: Final = 255
_TEXT, _BINARY = 0, 1


class Tail(NamedTuple):
    """The tags at the end of a stream: where they begin, the ID3v1 tag, and the places of the others, or -1."""

    begin: int
    id3v1: bytes = b""
    ape_footer: int = -1
    id3v2: int = -1


class Item(NamedTuple):
    """An item of a tag: its value is of kind 0 text, 1 binary, 2 the place of something else."""

    name: str
    kind: int
    value: bytes

    def texts(self) -> list[str]:
        """Return the values of the item, which NULs separate."""
        return decode_utf_8(self.value).split("\0")


def find_tail(source: Source, start: int) -> Tail:
    """Find the tags at the end of a stream that begins at `start`."""
    end = source.size
    # nearly all files end without a tag, or with ID3v1 alone
    last = source.tail(2 * _V1_SIZE)
    if not _ends_with_tag(last):
        return Tail(end)
    if _ends_with_id3v1(last) and not _ends_with_tag(last[:-_V1_SIZE]) and start + len(last) <= end:
        return Tail(end - _V1_SIZE, last[-_V1_SIZE:])
    source.get(max(start, end - WINDOW), min(WINDOW, end - start))  # one window for what follows
    id3v1, footer, id3v2 = b"", -1, -1
    for _ in range(_MAX_TAGS):
        at = max(start, end - _V1_SIZE)
        tail = source.get(at, max(0, end - at))
        if _ends_with_id3v1(tail):
            id3v1 = id3v1 or tail
            end -= _V1_SIZE
        elif _ends_with_ape(tail):
            footer = end - _FOOTER.size if footer < 0 else footer
            end = _tag_begin(source, end - _FOOTER.size, start)
        elif size := _lyrics_size(source, tail, end, start):
            end -= size
        elif 0 < (size := _id3v2_size(tail)) <= end - start:
            end -= size
            id3v2 = end
        else:
            break
    return Tail(max(end, start), id3v1, footer, id3v2)


def _ends_with_tag(data: bytes) -> bool:
    return _ends_with_id3v1(data) or _ends_with_ape(data) or data.endswith(_LYRICS_MARKS) or data[-10:-7] == _ID3V2_MARK


def _ends_with_id3v1(data: bytes) -> bool:
    return data[-_V1_SIZE:][:3] == b"TAG" and len(data) >= _V1_SIZE


def _ends_with_ape(data: bytes) -> bool:
    return data[-_FOOTER.size :][: len(_MARK)] == _MARK and len(data) >= _FOOTER.size


def _lyrics_size(source: Source, tail: bytes, end: int, start: int) -> int:
    """Return the size of a tag of Lyrics3, 0 without one: version 2 tells it, version 1 has a mark in front."""
    new, old = _LYRICS_MARKS
    if tail.endswith(new) and tail[-_LYRICS_END:-9].isdigit():
        size = int(tail[-_LYRICS_END:-9]) + _LYRICS_END
        return size if size <= end - start else 0
    if tail.endswith(old):
        at = max(start, end - _LONGEST_LYRICS)
        found = source.get(at, end - at).rfind(_LYRICS_BEGIN)
        return end - at - found if found >= 0 else 0
    return 0


def _id3v2_size(tail: bytes) -> int:
    """Return the size of an ID3v2.4 tag by its footer, which repeats the header; 0 without one."""
    footer = tail[-10:]
    if footer[:3] != _ID3V2_MARK or max(footer[6:10], default=0x80) >= 0x80:
        return 0
    return 20 + (footer[6] << 21 | footer[7] << 14 | footer[8] << 7 | footer[9])


def _tag_begin(source: Source, footer: int, start: int) -> int:
    """Return where the tag with its footer at the offset begins: with its header, or with its items.

    A size that leads nowhere costs the footer alone.
    """
    begin = _items_begin(source, footer)
    if begin - _FOOTER.size >= start and source.get(begin - _FOOTER.size, len(_MARK)) == _MARK:
        return begin - _FOOTER.size
    return begin if begin >= start else footer


def _items_begin(source: Source, footer: int) -> int:
    """Return where the items of a tag begin; some programs count the header to its size, which the format does not."""
    _, size, _, _ = _FOOTER.unpack(source.get(footer, _FOOTER.size))
    begin = footer + _FOOTER.size - int(size)
    if 0 <= begin <= footer - _FOOTER.size and source.get(begin, len(_MARK)) == _MARK:
        return begin + _FOOTER.size
    return begin


def header_size(head: bytes) -> int:
    """Return the whole size of the tag whose header begins the bytes, 0 when they begin none."""
    if len(head) < _FOOTER.size or not head.startswith(_MARK):
        return 0
    _, size, _, flags = _FOOTER.unpack_from(head)
    return _FOOTER.size + int(size) if flags & _IS_HEADER else 0


def read_front_items(source: Source, at: int) -> list[Item]:
    """Read the items of the tag with its header at the offset, which stands in front of the audio or has no footer."""
    if at < 0:
        return []
    _, size, _, _ = _FOOTER.unpack(source.get(at, _FOOTER.size))
    begin = at + _FOOTER.size
    return _unique(_items(source.get(begin, min(size, source.size - begin))))


def read_items(source: Source, footer: int) -> list[Item]:
    """Read the items of the tag with its footer at the offset; at the first damaged one it ends without an error."""
    if footer < 0:
        return []
    begin = _items_begin(source, footer)
    return _unique(_items(source.get(begin, footer - begin))) if 0 <= begin < footer else []


def _unique(items: Iterator[Item]) -> list[Item]:
    """Return the last of each name; names that differ in their case alone are one."""
    return list({item.name.lower(): item for item in items}.values())


def _items(data: bytes) -> Iterator[Item]:
    """Read items as long as there are any: programs that change a tag forget to count them."""
    at = 0
    for _ in range(_MAX_ITEMS):
        name_at = at + _ITEM.size
        stop = data.find(b"\0", name_at, name_at + _LONGEST_NAME + 1)
        if stop < 0:
            return
        size, flags = _ITEM.unpack_from(data, at)
        at = stop + 1 + size
        if at > len(data) or data[name_at : name_at + len(_MARK)] == _MARK:
            return
        name = data[name_at:stop]
        if len(name) >= 2 and name.isascii() and (text := name.decode()).isprintable():
            yield Item(text, flags >> 1 & 3, data[stop + 1 : at])


def add_items(tags: TagBuilder, items: list[Item]) -> None:
    """Add the items of a tag under canonical keys."""
    for item in items:
        if item.kind == _BINARY:
            tags.has_picture = tags.has_picture or _is_picture(item)
        elif item.kind == _TEXT or item.name.lower() == "comment":
            tags.add_named(item.name, item.texts())


def raw_items(items: list[Item]) -> Iterator[tuple[str, str | bytes]]:
    """Return the names of items with each of their values."""
    for item in items:
        if item.kind == _BINARY:
            yield item.name, item.value
        else:
            yield from ((item.name, text) for text in item.texts())


def read_pictures(items: list[Item]) -> Iterator[Picture]:
    """Return the pictures of a tag, each of which begins with the name of its file."""
    for item in items:
        if item.kind == _BINARY and _is_picture(item):
            yield Picture(item.value.partition(b"\0")[2], FRONT_COVER if "front" in item.name.lower() else 0)


def _is_picture(item: Item) -> bool:
    return item.name.lower().startswith("cover art")
