"""A file on its way through a reader."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

from libraries.audio import types as model
from libraries.audio.errors import explain, open_regular
from libraries.audio.file import Source
from libraries.audio.formats import kinds as formats
from libraries.audio.tags import id3
from libraries.audio.tags.builder import TagBuilder
from libraries.audio.types import AudioError, RawAudio

T = TypeVar("T")

_MAX_INT: Final = 2**31 - 1
# an ID3v1 tag, and the end of an APEv2 tag in front of it
_TAIL: Final = 160


class Odd(Exception):
    """What a parser of ours raises inside itself: somebody else has to look at this file."""


class Sound(NamedTuple):
    """What a stream says of itself: seconds, bits per second, Hz, bits. Unknown numbers are 0.

    Without bits per second they are the average over `size` bytes, or over all that is behind the tags in front.
    """

    codec: str
    duration: float
    bits: float = 0
    rate: int = 0
    depth: int = 0
    channels: int = 0
    size: int = 0


class Opened:
    """One open file: its bytes, its facts, and what was found so far."""

    __slots__ = ("audio_at", "facts", "head", "kind", "source", "tags")

    def __init__(self, source: Source, facts: os.stat_result, path: bytes) -> None:
        self.source = source
        self.facts = facts
        self.tags = TagBuilder()
        self.audio_at = 0
        self.head = source.get(0, formats.SNIFF_BYTES)
        self.kind = self._find_kind(path)

    def _find_kind(self, path: bytes) -> str:
        """The kind by content, else by suffix; skips the ID3v2 tags before the content."""
        head = self.head
        while size := id3.tag_size(head):
            self.audio_at += size
            head = self.source.get(self.audio_at, formats.SNIFF_BYTES)
        found = formats.sniff(head)
        if found is not None:
            return found
        announced = formats.kind_of_suffix(path)
        if announced is None or formats.is_foreign(self.head):
            raise AudioError(model.UNSUPPORTED, "This file holds no audio of a kind that the server knows.")
        return announced

    def tail(self) -> bytes:
        """The end of the file, where streams without a container have tags."""
        return self.source.tail(_TAIL)

    def result(self, sound: Sound) -> RawAudio:
        """The facts and the tags that were found, with every number bounded."""
        codec, duration, bits, rate, depth, channels, size = sound
        if not math.isfinite(duration) or not 0 <= duration < _MAX_INT:
            duration = 0.0
        if not bits and duration > 0:
            bits = (size or self.source.size - self.audio_at) * 8 / duration
        tags = self.tags
        return RawAudio(
            self.kind, codec, duration, _bounded(bits / 1000), _bounded(rate), _bounded(depth), _bounded(channels),
            tags.finish(), tags.has_picture, tags.has_lyrics, self.source.size, self.facts.st_mtime_ns,
        )  # fmt: skip


def look(path: bytes, use: Callable[[Opened], T]) -> T:
    """What `use` makes of the file; raises AudioError with a classified problem, and nothing else."""
    try:
        source, facts = open_regular(path)
        with source:
            return use(Opened(source, facts, path))
    except AudioError:
        raise
    except Exception as exc:  # parsers of damaged files raise anything
        problem = explain(exc)
        raise AudioError(problem.kind, problem.message) from exc


def _bounded(number: float) -> int:
    return round(number) if math.isfinite(number) and 0 <= number <= _MAX_INT else 0
