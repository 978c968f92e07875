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
    tail = file.tail()
    places = _id3_places(file, tail)
    if places:
        add_id3(file.tags, file.source, places[0])
    for at in places[1:]:
        extra = TagBuilder()
        add_id3(extra, file.source, at)
        file.tags.fill(extra)
    for items in _ape_tags(file, tail):
        extra = TagBuilder()
        ape.add_items(extra, items)
        file.tags.fill(extra)
    fill_from_id3v1(file.tags, tail.id3v1)


def raw_tags(file: OpenFile) -> Iterator[tuple[str, str | bytes]]:
    """Return the tags as they stand in front and behind."""
    tail = file.tail()
    for at in _id3_places(file, tail):
        yield from raw_frames(file.source, at)
    for items in _ape_tags(file, tail):
        yield from ape.raw_items(items)
    yield from ((f"ID3v1:{key}", text) for key, text in (id3.parse_v1(tail.id3v1) or {}).items())


def pictures(file: OpenFile) -> Iterator[Picture]:
    """Return the pictures of the tags in front and behind."""
    tail = file.tail()
    for at in _id3_places(file, tail):
        yield from id3.read_pictures(file.source, at)
    for items in _ape_tags(file, tail):
        yield from ape.read_pictures(items)


def _id3_places(file: OpenFile, tail: ape.Tail) -> list[int]:
    return [*file.id3_at, tail.id3v2] if tail.id3v2 >= 0 else file.id3_at


def _ape_tags(file: OpenFile, tail: ape.Tail) -> Iterator[list[ape.Item]]:
    if tail.ape_footer >= 0:
        yield ape.read_items(file.source, tail.ape_footer)
    for at in file.ape_at:
        yield ape.read_front_items(file.source, at)


def audio_extent(file: OpenFile) -> AudioExtent:
    """Return what is between the tags."""
    return without_tail(file.source, file.audio_at)


def without_tail(source: Source, begin: int, salt: bytes = b"") -> AudioExtent:
    """Return all that is between an offset and the tags at the end."""
    end = ape.find_tail(source, begin).begin
    if begin >= end:
        raise damaged("there is no audio in it")
    return AudioExtent(begin, end - begin, salt)
