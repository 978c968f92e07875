"""What reading a file gives: plain data, small enough to travel over a pipe."""

from __future__ import annotations

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


class RawAudio(NamedTuple):
    """The technical facts and the tags of one file, before any interpretation of the catalog.

    `kind` is what the content is (see formats), `codec` what encodes the sound. Unknown numbers are 0.
    `tags` has canonical lower-case keys, cleaned values, and no empty lists. `size` and `mtime_ns` are those of the
    very file that was read. `converted` is what the pool's converter made of all this, if it has one; then `tags` do
    not come along.
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
    converted: Any = None

    def as_tuple(self, converted: Any = None) -> tuple[Any, ...]:
        """Plain values in order, or with something in place of the tags; `RawAudio(*values)` makes an object again."""
        return tuple(self) if converted is None else (*self[:7], {}, *self[8:12], converted)


class ReadProblem(NamedTuple):
    """Why a file could not be read: a kind out of PROBLEM_KINDS and a sentence for a person."""

    kind: str
    message: str


class ReadResult(NamedTuple):
    """The outcome for one path: exactly one of `audio` and `problem` is set."""

    path: bytes
    audio: RawAudio | None = None
    problem: ReadProblem | None = None


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
