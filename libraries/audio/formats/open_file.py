"""A file on its way through a reader."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Final, TypeVar

from libraries.audio.errors import AudioError, damaged, explain
from libraries.audio.file import Source, open_regular
from libraries.audio.formats import kinds
from libraries.audio.tags import id3
from libraries.audio.tags.builder import TagBuilder
from libraries.audio.types import RawAudio, StreamInfo
from libraries.choices import ProblemKind

T = TypeVar("T")

_MAX_INT: Final = 2**31 - 1
_MAX_HOURS: Final = 1000


class OpenFile:
    """One open file: its bytes, its facts, its kind, where the audio begins, and the tags that were found so far."""

    __slots__ = ("audio_at", "facts", "head", "kind", "source", "tags")

    def __init__(self, source: Source, facts: os.stat_result, path: bytes) -> None:
        self.source = source
        self.facts = facts
        self.tags = TagBuilder()
        self.audio_at = 0
        self.head = source.get(0, kinds.SNIFF_BYTES)
        self.kind = self._find_kind(path)

    def _find_kind(self, path: bytes) -> str:
        """Return the kind by content, else by suffix; skips the ID3v2 tags before the content."""
        head = self.head
        while size := id3.tag_size(head):
            self.audio_at += size
            head = self.source.get(self.audio_at, kinds.SNIFF_BYTES)
        found = kinds.sniff(head)
        if found is not None:
            return found
        announced = kinds.kind_of_suffix(path)
        if announced is None or kinds.is_other_content(self.head):
            raise AudioError(ProblemKind.UNSUPPORTED, "This file holds no audio of a kind that the server knows.")
        return announced

    def result(self, info: StreamInfo) -> RawAudio:
        """Return the facts and the tags that were found, with every number bounded.

        A length that no file has is a problem: it would stand in the totals of the whole library.
        """
        codec, duration, bits, rate, depth, channels, size = info
        if duration > _MAX_HOURS * 3600:
            raise damaged(f"its headers speak of more than {_MAX_HOURS:,} hours")
        if not duration >= 0:  # also what is not a number
            duration = 0.0
        if not bits and duration > 0:
            bits = (size or self.source.size - self.audio_at) * 8 / duration
        tags = self.tags
        return RawAudio(
            self.kind, codec, duration, _bounded(bits / 1000), _bounded(rate), _bounded(depth), _bounded(channels),
            tags.finish(), tags.has_picture, tags.has_lyrics, self.source.size, self.facts.st_mtime_ns,
        )  # fmt: skip


def use_file(path: bytes, use: Callable[[OpenFile], T]) -> T:
    """Return what `use` makes of the file; raises AudioError with a classified problem, and nothing else."""
    try:
        source, facts = open_regular(path)
        with source:
            return use(OpenFile(source, facts, path))
    except AudioError:
        raise
    except Exception as exc:  # parsers of damaged files raise anything
        problem = explain(exc)
        raise AudioError(problem.kind, problem.message) from exc


def _bounded(number: float) -> int:
    return round(number) if math.isfinite(number) and 0 <= number <= _MAX_INT else 0
