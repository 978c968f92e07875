"""Vorbis comments, which FLAC and Ogg streams carry: a tolerant reader, and their way to canonical keys."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final

from libraries.audio.tags.builder import TagBuilder
from libraries.audio.tags.names import MAX_NAME_CHARS, plain_key
from libraries.audio.tags.text import decode_name, decode_utf_8

# (name, value)
Comments = list[tuple[str, str]]

_SIZE: Final = struct.Struct("<I")
_MAX_COMMENTS: Final = 100_000
_PICTURES: Final = frozenset({"metadata_block_picture", "coverart", "coverartmime"})


def read_comments(data: bytes, at: int = 0) -> tuple[Comments, int]:
    """Return the comments of the block at the offset, and the offset behind it.

    A block that is cut short gives what it has. The offset is -1 where anything is not as the format has it.
    """
    comments: Comments = []
    size_of = _SIZE.unpack_from
    is_regular = True
    try:
        at += 4 + size_of(data, at)[0]
        (count,) = size_of(data, at)
        at += 4
        for _ in range(min(count, _MAX_COMMENTS)):
            begin = at + 4
            at = begin + size_of(data, at)[0]
            if at > len(data):
                return comments, -1
            piece = data[begin:at]
            # the short way for nearly all of them
            try:
                text = piece.decode()
            except UnicodeDecodeError:
                text = decode_utf_8(piece)
            name, sign, value = text.partition("=")
            if sign and name.isascii() and name.isprintable() and "~" not in name:
                comments.append((name, value))
                continue
            is_regular = False
            if sign:
                comments.append((decode_name(name), value))
    except struct.error:
        return comments, -1
    return comments, at if is_regular and count <= _MAX_COMMENTS else -1


def add_comments(tags: TagBuilder, comments: Iterable[tuple[str, str]]) -> None:
    """Add (name, value) pairs of Vorbis comments, or of text chunks that are named alike."""
    for name, value in comments:
        if not value:
            continue
        key = plain_key(name[:MAX_NAME_CHARS])
        if key in _PICTURES and name.lower() in _PICTURES:
            tags.has_picture = True
        elif key:
            tags.add_one(key, value)
        else:
            tags.add_named(name, (value,))
