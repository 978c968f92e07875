"""What reading a file gives: plain data, small enough to travel over a pipe."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Final, NamedTuple

PERMISSION: Final = "permission"
CORRUPT: Final = "corrupt"
EMPTY: Final = "empty"
UNSUPPORTED: Final = "unsupported"
IO: Final = "io"
ENCODING: Final = "encoding"
TIMEOUT: Final = "timeout"
MEMORY: Final = "memory"
VANISHED: Final = "vanished"

PROBLEM_KINDS: Final[frozenset[str]] = frozenset(
    {PERMISSION, CORRUPT, EMPTY, UNSUPPORTED, IO, ENCODING, TIMEOUT, MEMORY, VANISHED}
)


# a number in memory that a reader shares with its parent
COUNT: Final = struct.Struct("=Q")


class RawAudio(NamedTuple):
    """The technical facts and the tags of one file, before any interpretation of the catalog.

    `kind` is what the content is (see formats), `codec` what encodes the sound. Unknown numbers are 0.
    `tags` has canonical lower-case keys, cleaned values, and no empty lists. `size` and `mtime_ns` are those of the
    very file that was read.
    """

    kind: str
    codec: str
    duration: float
    bit_rate: int
    sample_rate: int
    bit_depth: int
    channels: int
    tags: dict[str, list[str]]
    has_picture: bool
    has_lyrics: bool
    size: int
    mtime_ns: int


class Conversion(NamedTuple):
    """What becomes of files that are read, beside their facts and tags.

    `function` ("module:function") is called by the readers with a `RawAudio` and its path. It returns what is of this
    file alone, and what it has in common with others: not None, and the same object for all files in a row that share
    it, so that it travels but once. Both must be such that they can be marshalled. `revive` makes here of that object
    what callers get.
    """

    function: str
    revive: Callable[[Any], Any]


class Converted(NamedTuple):
    """What a pool's converter made of one file (see reader): of the file alone, and in common with other files."""

    size: int
    mtime_ns: int
    own: Any
    common: Any


class ReadProblem(NamedTuple):
    """Why a file could not be read: a kind out of PROBLEM_KINDS and a sentence for a person."""

    kind: str
    message: str


class ReadResult(NamedTuple):
    """The outcome for one path: exactly one is set, `converted` in place of `audio` if the pool has a converter."""

    path: bytes
    audio: RawAudio | None = None
    problem: ReadProblem | None = None
    converted: Converted | None = None

    @classmethod
    def read_from(cls, path: bytes, answer: tuple[Any, ...]) -> ReadResult:
        """What a reader answers: (True, the values of a RawAudio) or (False, kind, sentence)."""
        if answer[0]:
            return cls(path, RawAudio._make(answer[1]))
        return cls(path, None, ReadProblem(answer[1], answer[2]))

    @classmethod
    def converted_from(cls, path: bytes, answer: tuple[Any, ...]) -> ReadResult:
        """The same with the values of a Converted."""
        if answer[0]:
            return cls(path, None, None, Converted._make(answer[1]))
        return cls(path, None, ReadProblem(answer[1], answer[2]))


class HashResult(NamedTuple):
    """The payload hash of one path, or the problem that prevented it."""

    path: bytes
    digest: str | None = None
    problem: ReadProblem | None = None


class AudioError(Exception):
    """Reading failed for a reason that has a kind and a sentence."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.problem = ReadProblem(kind, message)
