"""Chunks of RIFF and IFF files: a name of four letters, a size, the content, and a byte that makes its length even.

Many writers forget that byte, and some put it where none belongs: the name of the next chunk tells where it begins.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from libraries.audio.file import Window
from libraries.audio.tags.id3 import tag_size

RIFF: Final = struct.Struct("<4sI")
IFF: Final = struct.Struct(">4sI")
# DSDIFF and CAF have sizes of 64 bits
LONG_IFF: Final = struct.Struct(">4sQ")
MAX_TEXT: Final = 16 * 1024 * 1024
_MAX_CHUNKS: Final = 4096
_NAME: Final = re.compile(rb"[A-Za-z0-9(\xa9][ -~]{3}")


class Chunk(NamedTuple):
    """A chunk: where its content is, cut to what the file has, and the size that its header states."""

    name: bytes
    at: int
    size: int
    stated: int


def read_chunk(source: Window, at: int, end: int, head: struct.Struct) -> Chunk | None:
    """Return the chunk at the offset, None when there is no room for one; a zero too many is stepped over."""
    if at + head.size > end:
        return None
    data = source.get_exactly(at, head.size)
    at += head.size
    if not data[0] and _NAME.match(data, 1) and at < end:
        data = data[1:] + source.get(at, 1)
        at += 1
    name, size = head.unpack(data)
    return Chunk(name, at, min(size, end - at), size)


def iter_chunks(source: Window, at: int, end: int, head: struct.Struct, *, padded: bool = True) -> Iterator[Chunk]:
    """Return the chunks between two offsets."""
    for _ in range(_MAX_CHUNKS):
        chunk = read_chunk(source, at, end, head)
        if chunk is None:
            return
        yield chunk
        at = chunk.at + chunk.size
        if padded and chunk.size & 1:
            at = behind_odd(source, at, end, head)


def behind_odd(source: Window, at: int, end: int, head: struct.Struct) -> int:
    """Return where the next chunk begins behind a content of odd length that ends at the offset."""
    data = source.get(at, head.size + 1)
    here, behind = _NAME.match(data), _NAME.match(data, 1)
    if here and behind:
        # the name and the size of a chunk, or a letter in place of the zero in front of one
        _, stated = head.unpack_from(data.ljust(head.size + 1, b"\0"))
        return at if at + head.size + stated <= end else at + 1
    return at if here else at + 1


def is_id3_chunk(source: Window, chunk: Chunk) -> bool:
    """Return whether a chunk holds an ID3v2 tag; its name is written in both cases."""
    return chunk.name.upper() == b"ID3 " and tag_size(source.get(chunk.at, 10)) > 0
