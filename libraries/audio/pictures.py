"""Embedded pictures: which one is the cover, and the block that FLAC and Vorbis comments have them in."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

from libraries.audio.types import FRONT_COVER, Picture

MAX_PICTURE: Final = 20 * 1024 * 1024

_MAGIC: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)


def image_type(data: bytes) -> str | None:
    """Return the MIME type by the first bytes; what a tag states is often wrong."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:12] == b"ftypavif":
        return "image/avif"
    return next((mime for magic, mime in _MAGIC if data.startswith(magic)), None)


def choose(found: Iterable[Picture]) -> tuple[bytes, str] | None:
    """Return the front cover, else the first picture; only images, none larger than MAX_PICTURE."""
    first: tuple[bytes, str] | None = None
    for data, kind in found:
        mime = image_type(data[:16])
        if mime is None or len(data) > MAX_PICTURE:
            continue
        if kind == FRONT_COVER:
            return data, mime
        first = first or (data, mime)
    return first


def comment_pictures(comments: Iterable[tuple[str, str]]) -> Iterator[Picture]:
    """Read the pictures in METADATA_BLOCK_PICTURE comments."""
    for name, text in comments:
        if name.lower() == "metadata_block_picture" and len(text) <= MAX_PICTURE * 2:
            with suppress(ValueError):
                yield from read_picture_block(base64.b64decode(text))


def read_picture_block(data: bytes) -> Iterator[Picture]:
    """Read the picture of a block; none when it is damaged."""
    try:
        kind, mime_size = struct.unpack_from(">II", data, 0)
        at = 8 + mime_size
        (text_size,) = struct.unpack_from(">I", data, at)
        at += 4 + text_size + 16
        (size,) = struct.unpack_from(">I", data, at)
    except struct.error:
        return
    yield Picture(data[at + 4 : at + 4 + size], kind)
