"""What a person wants to see of one file: its tags as they are, and its cover."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from libraries.audio import pictures
from libraries.audio.formats import mutagen_fallback as foreign
from libraries.audio.formats import wave as containers
from libraries.audio.formats.open_file import Opened, look
from libraries.audio.tags import describe as tagmaps
from libraries.audio.tags import id3


def read_raw(path: bytes) -> dict[str, list[str]]:
    """The file's own tag names with their values as text, pictures as "<picture N bytes>"; raises AudioError."""
    return look(path, lambda opened: tagmaps.describe(_native_tags(opened)))


def read_picture(path: bytes) -> tuple[bytes, str] | None:
    """The embedded front cover (or the first picture) and its MIME type; None without one; raises AudioError."""
    return look(path, lambda opened: pictures.choose(_pictures(opened)))


def _walk(opened: Opened) -> containers.Container | None:
    walk = containers.WALKERS.get(opened.kind)
    return walk(opened.source, opened.audio_at) if walk else None


def _id3_starts(opened: Opened, found: containers.Container | None) -> list[int]:
    starts = [0] if opened.audio_at else []
    return starts + ([found.id3_at] if found is not None and found.id3_at >= 0 else [])


def _native_tags(opened: Opened) -> Iterable[tuple[str, Any]]:
    found = _walk(opened)
    for start in _id3_starts(opened, found):
        yield from tagmaps.id3_native(opened.source, start)
    if found is not None:
        yield from found.text
        for image, _, _ in _container_pictures(opened, found):
            yield "PICTURE", image
    elif opened.kind in {"mp3", "aac"}:
        tail = opened.tail()
        if b"APETAGEX" in tail:
            yield from tagmaps.native_items(foreign.ape_tag(opened))
        yield from ((f"ID3v1:{key}", text) for key, text in (id3.parse_v1(tail) or {}).items())
    else:
        yield from tagmaps.native_items(foreign.native_tags(opened))


def _pictures(opened: Opened) -> Iterable[pictures.Picture]:
    found = _walk(opened)
    for start in _id3_starts(opened, found):
        yield from pictures.from_id3(opened.source, start)
    if found is not None:
        yield from _container_pictures(opened, found)
    else:
        yield from pictures.from_tags(opened.kind, foreign.native_tags(opened))


def _container_pictures(opened: Opened, found: containers.Container) -> Iterable[pictures.Picture]:
    if opened.kind == "flac":
        yield from pictures.from_flac(opened.source, opened.audio_at)
    for name, value in found.text:
        if name.lower() == "metadata_block_picture":
            yield from pictures.from_base64(value)
