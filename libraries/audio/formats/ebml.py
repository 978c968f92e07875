"""Elements of EBML, which Matroska and WebM are made of: an id, a size, and content or further elements."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from libraries.audio.errors import damaged
from libraries.audio.file import Window

_LONGEST_ID: Final = 4
_MAX_ELEMENTS: Final = 4_000_000
MAX_TEXT: Final = 16 * 1024 * 1024


class Element(NamedTuple):
    """An element: where its content is, cut to what is around it; a live stream leaves the size open."""

    id: int
    begin: int
    at: int
    size: int
    is_open: bool = False

    @property
    def end(self) -> int:
        """Where the next element begins."""
        return self.at + self.size


def read_element(source: Window, at: int, end: int) -> Element | None:
    """Return the element at the offset, None when nothing there is one."""
    head = source.get(at, 12)
    id_width = 9 - head[0].bit_length() if head else 9
    if id_width > _LONGEST_ID or len(head) <= id_width:
        return None
    width = 9 - head[id_width].bit_length()
    content = at + id_width + width
    if width > 8 or len(head) < id_width + width or content > end:
        return None
    size = int.from_bytes(head[id_width : id_width + width], "big") & ((1 << 7 * width) - 1)
    is_open = size == (1 << 7 * width) - 1
    rest = end - content
    return Element(int.from_bytes(head[:id_width], "big"), at, content, rest if is_open else min(size, rest), is_open)


def iter_elements(source: Window, at: int, end: int) -> Iterator[Element]:
    """Return the elements between two offsets, up to what is none; those inside an open one come behind it."""
    for _ in range(_MAX_ELEMENTS):
        element = read_element(source, at, end)
        if element is None:
            return
        yield element
        at = element.at if element.is_open else element.end


def children(source: Window, element: Element) -> Iterator[Element]:
    """Return the elements inside another."""
    return iter_elements(source, element.at, element.end)


def number(source: Window, element: Element) -> int:
    """Return an unsigned number."""
    return int.from_bytes(source.get_exactly(element.at, min(8, element.size)), "big")


def real(source: Window, element: Element) -> float:
    """Return a number of four or eight bytes; an empty one is zero."""
    if element.size not in (0, 4, 8):
        raise damaged("a number has an impossible size")
    data = source.get_exactly(element.at, element.size)
    return float(struct.unpack(">f" if element.size == 4 else ">d", data)[0]) if data else 0.0


def text(source: Window, element: Element) -> str:
    """Return a text, which may end at a NUL."""
    if element.size > MAX_TEXT:
        return ""
    return source.get(element.at, element.size).partition(b"\0")[0].decode("utf-8", "replace")
