"""Messages between a reader process and its parent, and the results that a pool of them gives its caller."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from libraries.audio.errors import ReadProblem
from libraries.audio.types import RawAudio

# the file that a reader process has in hand: how many it was asked for before it, and itself; in memory that it shares
# with its parent
COUNT: Final = struct.Struct("=Q")

# what a reader process is asked to do with each file of a batch
READ: Final = "read"
FINGERPRINT: Final = "fingerprint"
RAW_TAGS: Final = "raw tags"
PICTURE: Final = "picture"

# (True, value) or (False, kind of the problem, sentence)
Answer = tuple[Any, ...]


class Flights(NamedTuple):
    """How many files may be under way at once, at the most and at the least."""

    most: int
    least: int = 1


ONE_AT_A_TIME: Final = Flights(1)


class Conversion(NamedTuple):
    """Conversion of files where they are read, so that its results travel in place of facts and tags.

    The readers call `function` ("module:function") with a `RawAudio` and its path. It returns a pair: what is of this
    file alone, and what it has in common with others. The common part is not None, and the same object for all files
    in a row that share it, so that it travels only once. Both parts can be marshalled. `revive` turns the common part,
    in the parent, into what callers get.

    With an `argument`, `function` is called with that text once, and returns what is called with files.
    """

    function: str
    revive: Callable[[Any], Any]
    argument: str = ""


class Converted(NamedTuple):
    """Result of the conversion of one file: its own part, and the part in common with other files."""

    size: int
    mtime_ns: int
    own: Any
    common: Any


class ReadResult(NamedTuple):
    """Outcome for one path: exactly one is set, `converted` in place of `audio` if the pool has a conversion."""

    path: bytes
    audio: RawAudio | None = None
    problem: ReadProblem | None = None
    converted: Converted | None = None

    @classmethod
    def of_audio(cls, path: bytes, answer: Answer) -> ReadResult:
        """Return the result behind an answer with the values of a RawAudio."""
        if answer[0]:
            return cls(path, RawAudio._make(answer[1]))
        return cls(path, None, ReadProblem(answer[1], answer[2]))

    @classmethod
    def of_converted(cls, path: bytes, answer: Answer) -> ReadResult:
        """Return the result behind an answer with the values of a Converted."""
        if answer[0]:
            return cls(path, None, None, Converted._make(answer[1]))
        return cls(path, None, ReadProblem(answer[1], answer[2]))


class FingerprintResult(NamedTuple):
    """Fingerprint of the audio of one path, or the problem that prevented it."""

    path: bytes
    fingerprint: str | None = None
    problem: ReadProblem | None = None

    @classmethod
    def of_answer(cls, path: bytes, answer: Answer) -> FingerprintResult:
        """Return the result behind an answer with a fingerprint."""
        return cls(path, answer[1]) if answer[0] else cls(path, None, ReadProblem(answer[1], answer[2]))
