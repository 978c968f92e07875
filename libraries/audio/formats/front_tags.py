"""Tags around a container that has tags of its own: ID3v2 in front of it, APEv2 and ID3v1 behind it."""

from __future__ import annotations

from collections.abc import Iterator

from libraries.audio.formats import bare_stream
from libraries.audio.formats.open_file import OpenFile
from libraries.audio.tags.builder import TagBuilder
from libraries.audio.types import Picture


def fill_from_around(file: OpenFile) -> None:
    """Fill in what only the tags around the container say.

    Programs put them there by mistake; without ID3v2 in front, only a file that has no other tags is searched for them.
    """
    own = file.tags
    if file.audio_at or not own.tags:
        file.tags = TagBuilder()
        bare_stream.add_tags(file)
        own.fill(file.tags)
        file.tags = own


def raw_tags(file: OpenFile) -> Iterator[tuple[str, str | bytes]]:
    """Return the tags in front and behind as they stand there."""
    return bare_stream.raw_tags(file)


def pictures(file: OpenFile) -> Iterator[Picture]:
    """Return the pictures of the tags in front and behind."""
    return bare_stream.pictures(file)
