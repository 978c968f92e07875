"""Frames of bare streams: the first of them behind junk, and a walk over all, which measures what no header tells.

A walk reads the whole stream, so it is for those whose headers are absent or wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from time import monotonic
from typing import Final, NamedTuple, Protocol

from libraries.audio.errors import damaged
from libraries.audio.file import Source
from libraries.audio.tags import ape, id3

_CHUNK: Final = 256 * 1024
# the longest header of a frame
_HEAD: Final = 8
# What is walked over, from which the rest of a longer stream is concluded: nearly two hours of the highest bit rate,
# and no longer than a reader may take for a file on slow storage.
_MAX_BYTES: Final = 256 * 1024 * 1024
_MAX_SECONDS: Final = 3.0
_MAX_JUNK: Final = 16 * 1024 * 1024
# places that look like a frame at the first glance: noise has few of them, a hostile file as many as it likes
_MAX_CANDIDATES: Final = 100_000
_CANDIDATE: Final = re.compile(rb"\xff[\xe2-\xff](?!\xff)|ID3[\2-\4]|APETAGEX|TAG")
_V1_SIZE: Final = 128


class Frame(Protocol):
    """What the header of a frame tells."""

    @property
    def length(self) -> int:
        """The bytes of the frame with its header."""
        ...

    @property
    def seconds(self) -> float:
        """The time that it plays."""
        ...

    @property
    def family(self) -> int:
        """What all frames of a stream have in common."""
        ...


# what reads the header at a place in some bytes
Parse = Callable[[bytes, int], Frame | None]


class Walked(NamedTuple):
    """The sums of all frames: seconds, bytes, and their count."""

    seconds: float
    size: int
    frames: int


def find_first(source: Source, begin: int, end: int, parse: Parse) -> tuple[int, Frame]:
    """Return the place of the first frame and what it tells: with junk in front, others must follow."""
    data = source.get(begin, min(_CHUNK, end - begin))
    first = parse(data, 0)
    if first is not None and _follow(data, 0, first, parse, 2, whole=begin + len(data) >= end):
        return begin, first
    finder = _Finder(parse)
    for need in (6, 4):
        at = begin
        while at < min(end, begin + _MAX_JUNK):
            data = source.get(at, min(_CHUNK, end - at))
            found = finder.find(data, 0, need, whole=at + len(data) >= end)
            if found is not None:
                return at + found[0], found[1]
            if at + len(data) >= end:
                break
            at += len(data) - _CHUNK // 4
    if first is not None and first.length <= end - begin:
        return begin, first
    raise damaged("there is no audio in it")


def walk(source: Source, begin: int, end: int, first: Frame, parse: Parse) -> Walked:
    """Return the sums of all frames from the first one on; steps over tags and junk between them."""
    at, last, deadline = begin, min(end, begin + _MAX_BYTES), monotonic() + _MAX_SECONDS
    seconds, size, count = 0.0, 0, 0
    finder = _Finder(parse, first.family)
    while at < last:
        data = source.pread(at, min(_CHUNK, end - at))
        whole = at + len(data) >= end
        here, limit = 0, len(data) if whole else len(data) - _CHUNK // 8
        while here < limit:
            frame = parse(data, here)
            if frame is not None:
                here += frame.length
                if here <= len(data) or not whole:
                    seconds += frame.seconds
                    size += frame.length
                    count += 1
                continue
            found = finder.find(data, here, 2, whole=whole)
            here = limit if found is None else found[0]
            if here >= limit or finder.tired:
                break
        if finder.tired or not data:
            return Walked(seconds, size, count)
        at += max(here, 1)
        if monotonic() > deadline:
            break
    if at < end:
        share = (end - begin) / (at - begin)
        return Walked(seconds * share, round(size * share), round(count * share))
    return Walked(seconds, size, count)


def _follow(data: bytes, at: int, frame: Frame, parse: Parse, need: int, *, whole: bool) -> bool:
    """Whether as many frames of a family stand side by side, or at least half of them right before the end."""
    family = frame.family
    for number in range(1, need):
        at += frame.length
        if at >= len(data) - _HEAD:
            return whole and at == len(data) and 2 * number >= need
        following = parse(data, at)
        if following is None or following.family != family:
            return False
        frame = following
    return True


class _Finder:
    """Finds the next frame behind junk, with a bound on all that it looks at."""

    def __init__(self, parse: Parse, family: int | None = None) -> None:
        self._parse = parse
        self._family = family
        self._left = _MAX_CANDIDATES

    @property
    def tired(self) -> bool:
        """Whether the bound is reached."""
        return self._left <= 0

    def _more(self, frame: Frame) -> int:
        """How many more frames must follow one that is not of the stream's family."""
        return 0 if self._family in (None, frame.family) else 2

    def find(self, data: bytes, at: int, need: int, *, whole: bool) -> tuple[int, Frame] | None:
        """Return the place in the data, and the frame; None where there is none, or where it stands behind a tag."""
        while self._left > 0 and (match := _CANDIDATE.search(data, at)) is not None:
            self._left -= 1
            at = match.start()
            frame = self._parse(data, at)
            if frame is None:
                at += _tag_size(data, at) or 1
            elif _follow(data, at, frame, self._parse, need + self._more(frame), whole=whole):
                return at, frame
            else:
                at += 1
        return None


def _tag_size(data: bytes, at: int) -> int:
    """Return the size of a tag that begins here, 0 without one."""
    if data[at] == 0xFF:
        return 0
    if data.startswith(b"TAG", at):
        return _V1_SIZE
    head = data[at : at + 32]
    return id3.tag_size(head) or ape.header_size(head)
