"""Embedded pictures of every tag family, bounded."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterable
from typing import Any, Final

from libraries.audio.file import Window
from libraries.audio.tags import id3

MAX_PICTURE: Final = 20 * 1024 * 1024
FRONT: Final = 3

# Image, picture type (3 = front cover), MIME type as the tag states it.
Picture = tuple[bytes, int, str]

_MAGIC: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)


def image_type(data: bytes) -> str | None:
    """The MIME type by the first bytes; what a tag states is often wrong."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:12] == b"ftypavif":
        return "image/avif"
    return next((mime for magic, mime in _MAGIC if data.startswith(magic)), None)


def choose(found: Iterable[Picture]) -> tuple[bytes, str] | None:
    """The front cover, else the first picture; only images, none larger than MAX_PICTURE."""
    first: tuple[bytes, str] | None = None
    for data, kind, _ in found:
        mime = image_type(data[:16])
        if mime is None or len(data) > MAX_PICTURE:
            continue
        if kind == FRONT:
            return data, mime
        first = first or (data, mime)
    return first


def from_id3(source: Window, start: int) -> Iterable[Picture]:
    """The APIC and PIC frames of an ID3v2 tag."""
    head = source.get(start, 10)
    short = len(head) == 10 and head[3] == 2
    others = id3.SKIPPED - {b"APIC", b"PIC"}
    for name, data, _ in id3.read_frames(source, start, others):
        if name == b"APIC" and data:
            parts = id3.split_picture(data, short)
            if parts is not None:
                yield parts[2], parts[0], parts[1]


def from_flac(source: Window, start: int) -> Iterable[Picture]:
    """The PICTURE blocks of a FLAC stream."""
    at, last = start + 4, False
    while not last:
        head = source.get(at, 4)
        if len(head) < 4:
            return
        last, kind, size = bool(head[0] & 0x80), head[0] & 0x7F, int.from_bytes(head[1:4], "big")
        if kind == 6:
            yield from _from_block(source.get(at + 4, size))
        at += 4 + size


def from_base64(text: str) -> Iterable[Picture]:
    """The picture in a METADATA_BLOCK_PICTURE comment."""
    if len(text) > MAX_PICTURE * 2:
        return
    try:
        data = base64.b64decode(text)
    except (binascii.Error, ValueError):
        return
    yield from _from_block(data)


def _from_block(data: bytes) -> Iterable[Picture]:
    try:
        kind, mime_size = struct.unpack_from(">II", data, 0)
        at = 8 + mime_size
        (text_size,) = struct.unpack_from(">I", data, at)
        at += 4 + text_size + 16
        (size,) = struct.unpack_from(">I", data, at)
    except struct.error:
        return
    yield data[at + 4 : at + 4 + size], kind, data[8 : 8 + mime_size].decode("latin-1")


def from_tags(kind: str, tags: Any) -> Iterable[Picture]:
    """The pictures in parsed Vorbis, MP4, ASF or APEv2 tags."""
    if tags is None:
        return
    if kind == "mp4":
        yield from ((bytes(image), FRONT, "") for image in tags.get("covr", ()))
    elif isinstance(tags, list):
        for name, value in tags:
            if name == "WM/Picture":
                yield from _from_asf(value.value)
            elif name.lower() == "metadata_block_picture":
                yield from from_base64(value)
    else:
        for name, value in tags.items():
            if name.lower().startswith("cover art") and value.kind == 1:
                # An APEv2 picture begins with its file name.
                yield value.value.partition(b"\0")[2], FRONT if "front" in name.lower() else 0, ""


def _from_asf(data: bytes) -> Iterable[Picture]:
    if len(data) < 9:
        return
    kind, size = data[0], int.from_bytes(data[1:5], "little")
    # Two zero-terminated UTF-16 texts (MIME type and description) stand before the image.
    image = data[len(data) - size :] if 0 < size <= len(data) - 9 else b""
    yield image, kind, ""
