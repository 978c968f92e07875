"""Streams without a container: their tags stand in front (ID3v2) and behind (APEv2, ID3v1)."""

from __future__ import annotations

from collections.abc import Iterator

from libraries.audio.errors import damaged
from libraries.audio.file import Source
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.tags import ape, id3
from libraries.audio.tags.builder import TagBuilder
from libraries.audio.tags.describe import raw_frames
from libraries.audio.tags.id3_frames import add_id3, fill_from_id3v1
from libraries.audio.types import AudioExtent, Picture


def add_tags(file: OpenFile) -> None:
    """Add what ID3v2 says, then what only APEv2 says, then what only ID3v1 says."""
    if file.audio_at:
        add_id3(file.tags, file.source, 0)
    tail = ape.find_tail(file.source, file.audio_at)
    if tail.ape_footer >= 0:
        extra = TagBuilder()
        ape.add_items(extra, ape.read_items(file.source, tail.ape_footer))
        file.tags.fill(extra)
    fill_from_id3v1(file.tags, tail.id3v1)


def raw_tags(file: OpenFile) -> Iterator[tuple[str, str | bytes]]:
    """Return the tags as they stand in front and behind."""
    if file.audio_at:
        yield from raw_frames(file.source, 0)
    tail = ape.find_tail(file.source, file.audio_at)
    yield from ape.raw_items(ape.read_items(file.source, tail.ape_footer))
    yield from ((f"ID3v1:{key}", text) for key, text in (id3.parse_v1(tail.id3v1) or {}).items())


def pictures(file: OpenFile) -> Iterator[Picture]:
    """Return the pictures of the tags in front and behind."""
    if file.audio_at:
        yield from id3.read_pictures(file.source, 0)
    tail = ape.find_tail(file.source, file.audio_at)
    yield from ape.read_pictures(ape.read_items(file.source, tail.ape_footer))


def audio_extent(file: OpenFile) -> AudioExtent:
    """Return what is between the tags."""
    return without_tail(file.source, file.audio_at)


def without_tail(source: Source, begin: int, salt: bytes = b"") -> AudioExtent:
    """Return all that is between an offset and the tags at the end."""
    end = ape.find_tail(source, begin).begin
    if begin >= end:
        raise damaged("there is no audio in it")
    return AudioExtent(begin, end - begin, salt)
