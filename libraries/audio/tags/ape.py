"""APEv2 tags, which may end a stream of any kind: a tolerant reader, and their way to canonical keys.

What ends a bare stream is one to four tags in any order: ID3v1, Lyrics3 and APEv2.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from libraries.audio.file import WINDOW, Source
from libraries.audio.tags.builder import TagBuilder
from libraries.audio.types import FRONT_COVER, Picture

_MARK: Final = b"APETAGEX"
_FOOTER: Final = struct.Struct("<8s4xIII8x")
_ITEM: Final = struct.Struct("<II")
_HAS_HEADER: Final = 0x80000000
_V1_SIZE: Final = 128
_LYRICS_MARK: Final = b"LYRICS200"
_LYRICS_END: Final = 15
_MAX_TAGS: Final = 4
_MAX_ITEMS: Final = 10_000
_LONGEST_NAME: Final = 255
_TEXT, _BINARY = 0, 1


class Tail(NamedTuple):
    """The tags at the end of a stream: where they begin, the ID3v1 tag, and where the footer of APEv2 is, or -1."""

    begin: int
    id3v1: bytes = b""
    ape_footer: int = -1


class Item(NamedTuple):
    """An item of a tag: its value is of kind 0 text, 1 binary, 2 the place of something else."""

    name: str
    kind: int
    value: bytes

    def texts(self) -> list[str]:
        """Return the values of the item, which NULs separate."""
        return self.value.decode("utf-8", "replace").split("\0")


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
    id3v1, footer = b"", -1
    for _ in range(_MAX_TAGS):
        at = max(start, end - _V1_SIZE)
        tail = source.get(at, max(0, end - at))
        if _ends_with_id3v1(tail):
            id3v1 = id3v1 or tail
            end -= _V1_SIZE
        elif _ends_with_ape(tail):
            footer = end - _FOOTER.size if footer < 0 else footer
            end -= _whole_size(tail[-_FOOTER.size :])
        elif tail.endswith(_LYRICS_MARK) and tail[-_LYRICS_END:-9].isdigit():
            end -= int(tail[-_LYRICS_END:-9]) + _LYRICS_END
        else:
            break
    return Tail(end, id3v1, footer)


def _ends_with_tag(data: bytes) -> bool:
    return _ends_with_id3v1(data) or _ends_with_ape(data) or data.endswith(_LYRICS_MARK)


def _ends_with_id3v1(data: bytes) -> bool:
    return data[-_V1_SIZE:][:3] == b"TAG" and len(data) >= _V1_SIZE


def _ends_with_ape(data: bytes) -> bool:
    return data[-_FOOTER.size :][: len(_MARK)] == _MARK and len(data) >= _FOOTER.size


def _whole_size(footer: bytes) -> int:
    _, size, _, flags = _FOOTER.unpack(footer)
    return int(size) + (_FOOTER.size if flags & _HAS_HEADER else 0)


def read_items(source: Source, footer: int) -> list[Item]:
    """Read the items of the tag with its footer at the offset; at the first damaged one it ends without an error."""
    if footer < 0:
        return []
    _, size, count, _ = _FOOTER.unpack(source.get(footer, _FOOTER.size))
    begin = footer + _FOOTER.size - size
    if begin < 0 or size <= _FOOTER.size:
        return []
    # names that differ in their case alone are one
    found = {item.name.lower(): item for item in _items(source.get(begin, size - _FOOTER.size), count)}
    return list(found.values())


def _items(data: bytes, count: int) -> Iterator[Item]:
    at = 0
    for _ in range(min(count, _MAX_ITEMS)):
        name_at = at + _ITEM.size
        stop = data.find(b"\0", name_at, name_at + _LONGEST_NAME + 1)
        if stop < 0:
            return
        size, flags = _ITEM.unpack_from(data, at)
        at = stop + 1 + size
        if at > len(data):
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
