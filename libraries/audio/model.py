"""What reading a file gives: plain data, small enough to travel over a pipe."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

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


@dataclass(frozen=True, slots=True)
class RawAudio:
    """The technical facts and the tags of one file, before any interpretation of the catalog.

    `kind` is what the content is (see formats), `codec` what encodes the sound. Unknown numbers are 0.
    `tags` has canonical lower-case keys, cleaned values, and no empty lists. `size` and `mtime_ns` are those of the
    very file that was read. `converted` is what the pool's converter made of all this, if it has one; then `tags` do
    not come along.
    """

    kind: str
    codec: str
    duration: float = 0.0
    bit_rate: int = 0
    sample_rate: int = 0
    bit_depth: int = 0
    channels: int = 0
    tags: dict[str, list[str]] = field(default_factory=dict)
    has_picture: bool = False
    has_lyrics: bool = False
    size: int = 0
    mtime_ns: int = 0
    converted: Any = None

    def as_tuple(self, converted: Any = None) -> tuple[Any, ...]:
        """The fields in order, or with something in place of the tags; `RawAudio(*values)` makes an object again."""
        return (
            self.kind, self.codec, self.duration, self.bit_rate, self.sample_rate, self.bit_depth, self.channels,
            self.tags if converted is None else {}, self.has_picture, self.has_lyrics, self.size, self.mtime_ns,
            converted,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReadProblem:
    """Why a file could not be read: a kind out of PROBLEM_KINDS and a sentence for a person."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The outcome for one path: exactly one of `audio` and `problem` is set."""

    path: bytes
    audio: RawAudio | None = None
    problem: ReadProblem | None = None


@dataclass(frozen=True, slots=True)
class HashResult:
    """The payload hash of one path, or the problem that prevented it."""

    path: bytes
    digest: str | None = None
    problem: ReadProblem | None = None


class AudioError(Exception):
    """Reading failed for a reason that has a kind and a sentence."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.problem = ReadProblem(kind, message)
