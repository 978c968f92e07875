"""A file on its way through a reader."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from typing import Final, TypeVar

from libraries.audio.errors import AudioError, damaged, explain
from libraries.audio.file import HEAD, NO_PAUSE, Pause, Source, open_regular
from libraries.audio.formats import kinds
from libraries.audio.tags import ape, id3
from libraries.audio.tags.builder import TagBuilder
from libraries.audio.types import RawAudio, StreamInfo
from libraries.choices import ProblemKind, TextEncoding

T = TypeVar("T")

_MAX_INT: Final = 2**31 - 1
_MAX_HOURS: Final = 1000
# codecs that keep no samples: what their containers say of the depth is that of the source or of a decoder
_WITHOUT_DEPTH: Final = frozenset(
    {"mp1", "mp2", "mp3", "aac", "vorbis", "opus", "speex", "ac3", "eac3", "dts", "gsm", "wma", "wmapro", "wmavoice"}
)
# tags that may stand in front of the audio
_MAX_TAGS: Final = 16
# bytes of padding, and of junk, that may stand there too
_MAX_PADDING: Final = 4 * 1024 * 1024
_MAX_JUNK: Final = HEAD
# kinds whose parsers find the audio behind junk
_BARE: Final = frozenset({"mp3", "aac"})
# the first bytes of a tag or of a container, behind junk
_BEGIN: Final = re.compile(rb"ID3[\2-\4]|APETAGEX|fLaC|OggS|MAC |wvpk|MPCK|MP\+|RIFF|RF64|FORM|(?=....ftyp)", re.DOTALL)


class OpenFile:
    """One open file: its bytes, its facts, its kind, where the audio begins, and the tags that were found so far.

    `id3_at` and `ape_at` are the places of the tags in front of the audio.
    """

    __slots__ = ("_tail", "ape_at", "audio_at", "facts", "head", "id3_at", "kind", "source", "tags")

    def __init__(self, source: Source, facts: os.stat_result, path: bytes) -> None:
        self.source = source
        self.facts = facts
        self.tags = TagBuilder()
        self._tail: ape.Tail | None = None
        self.audio_at = 0
        self.id3_at: list[int] = []
        self.ape_at: list[int] = []
        self.head = source.get(0, kinds.SNIFF_BYTES)
        self.kind = self._find_kind(path)

    def _find_kind(self, path: bytes) -> str:
        """Return the kind by content, else by suffix; skips what stands in front of the content."""
        head = self._skip_tags(0)
        found = kinds.sniff(head)
        if found is not None:
            return found
        announced = kinds.kind_of_suffix(path)
        if announced is None or kinds.is_other_content(self.head):
            raise AudioError(ProblemKind.UNSUPPORTED, "This file holds no audio of a kind that the server knows.")
        return self._skip_junk(announced) or announced

    def _skip_tags(self, at: int) -> bytes:
        """Step over the tags from an offset on, and return the bytes behind them."""
        head = b""
        for _ in range(_MAX_TAGS):
            head = self.source.get(at, kinds.SNIFF_BYTES)
            if size := id3.tag_size(head):
                places = self.id3_at
            elif head[:1] == b"A" and (size := ape.header_size(head)):
                places = self.ape_at
            else:
                break
            places.append(at)
            # a size that leads out of the file says nothing about where the audio begins
            at += size if at + size < self.source.size else 10
        self.audio_at = at
        return head

    def _skip_junk(self, announced: str) -> str | None:
        """Return the kind of what stands behind padding or junk; None leaves it to the parser of the audio."""
        begin = self.audio_at
        for _ in range(_MAX_TAGS):
            behind = self._after_padding(self.audio_at)
            if behind == self.audio_at:
                break
            if found := kinds.sniff(self._skip_tags(behind)):
                return found
            if self.audio_at > behind:
                begin = self.audio_at
        self.audio_at = begin
        junk = self.source.get(begin, _MAX_JUNK)
        for match in _BEGIN.finditer(junk):
            head = junk[match.start() : match.start() + kinds.SNIFF_BYTES]
            tagged = id3.tag_size(head) or ape.header_size(head)
            if not tagged and kinds.sniff(head) != announced:
                continue
            known = len(self.id3_at), len(self.ape_at)
            if found := kinds.sniff(self._skip_tags(begin + match.start())):
                return found
            if tagged and announced in _BARE:
                return None
            del self.id3_at[known[0] :], self.ape_at[known[1] :]
            self.audio_at = begin
        return None

    def _after_padding(self, at: int) -> int:
        """Return the place of the first byte that is not zero."""
        end = min(self.source.size, at + _MAX_PADDING)
        while at < end:
            data = self.source.get(at, min(HEAD, end - at))
            if rest := data.lstrip(b"\0"):
                return at + len(data) - len(rest)
            at += len(data) or HEAD
        return at

    def tail(self) -> ape.Tail:
        """Return the tags at the end, which are looked for once."""
        if self._tail is None:
            self._tail = ape.find_tail(self.source, self.audio_at)
        return self._tail

    def result(self, info: StreamInfo, encoding: str = TextEncoding.AUTO) -> RawAudio:
        """Return the facts and the tags that were found, with every number bounded.

        `encoding` is that of text that tells none (see `libraries.audio.tags.encodings`).
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
        found = tags.finish(encoding)
        depth = 0 if codec in _WITHOUT_DEPTH else _bounded(depth)
        return RawAudio(
            self.kind, codec, duration, _bounded(bits / 1000), _bounded(rate), depth, _bounded(channels), found,
            tags.has_picture, tags.has_lyrics, self.source.size, self.facts.st_mtime_ns, tags.encoding,
        )  # fmt: skip


def use_file(path: bytes, use: Callable[[OpenFile], T], pause: Pause = NO_PAUSE) -> T:
    """Return what `use` makes of the file; raises AudioError with a classified problem, and nothing else."""
    try:
        source, facts = open_regular(path, pause)
        with source:
            return use(OpenFile(source, facts, path))
    except AudioError:
        raise
    except Exception as exc:  # parsers of damaged files raise anything
        problem = explain(exc)
        raise AudioError(problem.kind, problem.message) from exc


def _bounded(number: float) -> int:
    return round(number) if math.isfinite(number) and 0 <= number <= _MAX_INT else 0
