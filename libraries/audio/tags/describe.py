"""Tags as they stand in a file, as bounded text for a person who inspects it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from libraries.audio.file import Window
from libraries.audio.tags import id3
from libraries.audio.tags.builder import MAX_KEYS, MAX_VALUES
from libraries.audio.tags.encodings import decode_tags
from libraries.audio.tags.id3_lyrics import synced_lines
from libraries.audio.tags.text import clean, decode_name
from libraries.choices import TextEncoding


def raw_frames(source: Window, start: int) -> Iterable[tuple[str, Any]]:
    """Return the frames of the ID3v2 tag at the offset as (name, text or bytes)."""
    for name, data, size in id3.read_frames(source, start, id3.PICTURES):
        label = name.decode("ascii")
        if data is None:
            yield label, f"<picture {size} bytes>"
        elif name in {b"TXXX", b"WXXX"}:
            key, *values = id3.text_values(data)
            yield from ((f"{label}:{key}", value) for value in values)
        elif name in {b"COMM", b"USLT"}:
            language = data[1:4].decode("latin-1")
            key, _, text = id3.decode_text(data[0], data[4:]).partition("\0")
            yield f"{label}:{key}:{language}", text
        elif name == b"SYLT":
            # what is no text with times is shown as bytes
            yield f"{label}::{data[1:4].decode('latin-1')}", synced_lines(data) or data
        elif name.startswith(b"T") or name in {b"IPLS", b"GRP1", b"MVNM", b"MVIN"}:
            yield from ((label, value) for value in id3.text_values(data))
        elif name.startswith(b"W"):
            yield label, data.decode("latin-1")
        elif name == b"UFID":
            owner, _, identifier = data.partition(b"\0")
            yield f"UFID:{owner.decode('latin-1')}", identifier.decode("latin-1")
        else:
            yield label, data


def describe(pairs: Iterable[tuple[str, Any]], encoding: str = TextEncoding.AUTO) -> dict[str, list[str]]:
    """Return bounded text of (name, value) pairs; of pictures and other binary values their size."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        key = clean(decode_name(name))
        if key not in found and len(found) >= MAX_KEYS:
            continue
        values = found.setdefault(key, [])
        if len(values) < MAX_VALUES:
            values.append(_describe_value(key, value))
    decode_tags(found, encoding)
    return found


def _describe_value(key: str, value: Any) -> str:
    lowered = key.lower()
    data = getattr(value, "value", value)
    is_picture = lowered in {"covr", "picture", "wm/picture", "metadata_block_picture", "coverart"} or (
        lowered.startswith("cover art") and isinstance(data, bytes)
    )
    if is_picture:
        return f"<picture {len(data)} bytes>"
    if isinstance(data, bytes):
        if not key.startswith("----:"):
            return f"<binary {len(data)} bytes>"
        return clean(bytes(data).decode("utf-8", "replace"))
    if isinstance(data, tuple):
        return "/".join(str(part) for part in data)
    return clean(str(data))
