"""Open a file safely, and read its bytes through windows: one system call for what lies side by side.

A `pause` is entered around each call that may wait for the storage: what reads several files at once goes on with
another one meanwhile. The first one is around the opening of a file.
"""

from __future__ import annotations

import io
import os
import stat
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol, Self

from libraries.audio.errors import AudioError, damaged, from_os_error
from libraries.choices import ProblemKind

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# What the first look at a file takes: nearly always all of its tags, and no more than a disk reads anyway.
HEAD: Final = 16 * 1024
# The same where each look is a question to a server, which sends so much as quickly.
WIDE_HEAD: Final = 64 * 1024
# What a look elsewhere takes: the first frames of a stream, or a few tags behind a picture.
WINDOW: Final = 8 * 1024
_REMEMBERED: Final = 4
_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | getattr(os, "O_NOCTTY", 0)


class Pause(Protocol):
    """What goes on while a file waits for the storage."""

    def __enter__(self) -> object: ...
    def __exit__(self, *_: object) -> None: ...

    def close(self, fd: int) -> None:
        """Close a file, now or as soon as nothing waits for that."""
        ...


class _NoPause:
    """Nothing else is to be done meanwhile."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass

    def close(self, fd: int) -> None:
        os.close(fd)


NO_PAUSE: Final[Pause] = _NoPause()


class Window:
    """Bytes that are in memory."""

    __slots__ = ("data", "size")

    # where in the whole the first byte of `data` is
    base: int = 0

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    def get(self, at: int, length: int) -> bytes:
        """`length` bytes at an offset, or as many as there are."""
        return self.data[at : at + length]

    def get_exactly(self, at: int, length: int) -> bytes:
        """`length` bytes at an offset; the file is damaged where there are fewer."""
        data = self.get(at, length)
        if len(data) != length:
            raise damaged("it ends too early")
        return data


class Source(Window):
    """Bytes of a file, whose descriptor it owns from now on."""

    __slots__ = ("_pause", "_stream", "_windows", "base", "fd")

    def __init__(self, fd: int, size: int, head: bytes, pause: Pause = NO_PAUSE) -> None:
        """Own a descriptor; `head` are the first bytes of the file."""
        self._stream: BinaryIO | None = None
        self._pause = pause
        self.fd = fd
        self.base = 0
        self.size = size
        self.data = head
        # parsers go back and forth between the tags and the audio
        self._windows = [(0, self.data)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pause.close(self.fd)

    def get(self, at: int, length: int) -> bytes:
        """`length` bytes at an offset, or as many as there are."""
        local = at - self.base
        if local < 0 or local + length > len(self.data):
            self._move(at, length)
            local = at - self.base
        return self.data[local : local + length]

    def _move(self, at: int, length: int) -> None:
        """Look elsewhere, and read what was not seen a moment ago."""
        length = min(length, self.size - at)
        if length <= 0:
            self.base, self.data = at, b""
            return
        for base, data in self._windows:
            if base <= at and at + length <= base + len(data):
                self.base, self.data = base, data
                return
        self.base, self.data = at, self.pread(at, max(length, WINDOW))
        if len(self.data) <= WINDOW:
            head, *others = self._windows
            self._windows = [head, *others[2 - _REMEMBERED :], (at, self.data)]

    def pread(self, at: int, length: int) -> bytes:
        """`length` bytes at an offset, or as many as there are, past the window."""
        with self._pause:
            data = os.pread(self.fd, length, at)
            wanted = min(length, self.size - at)
            while len(data) < wanted:  # some file systems answer in pieces
                more = os.pread(self.fd, wanted - len(data), at + len(data))
                if not more:
                    break
                data += more
        return data

    def tail(self, length: int) -> bytes:
        """The last bytes; the window stays where it is."""
        start = max(0, self.size - length)
        if start >= self.base and self.base + len(self.data) >= self.size:
            return self.data[start - self.base :]
        return self.pread(start, length)

    def stream(self, at: int = 0) -> BinaryIO:
        """Return the same file at an offset, as a stream that can be read and sought."""
        if self._stream is None:
            raw = io.FileIO(self.fd, closefd=False) if self._pause is NO_PAUSE else _PausingFile(self.fd, self._pause)
            self._stream = io.BufferedReader(raw, 32768)
        self._stream.seek(at)
        return self._stream


class _PausingFile(io.FileIO):
    """A file whose reads pause what is done beside them."""

    def __init__(self, fd: int, pause: Pause) -> None:
        super().__init__(fd, closefd=False)
        self._pause = pause

    def readinto(self, buffer: WriteableBuffer) -> int:
        with self._pause:
            return super().readinto(buffer) or 0

    def readall(self) -> bytes:
        with self._pause:
            return super().readall() or b""


def open_regular(path: bytes, pause: Pause = NO_PAUSE) -> tuple[Source, os.stat_result]:
    """Open a regular file for reading, without ever waiting for a FIFO; raise AudioError."""
    with pause:
        fd, facts, head = _open(path, HEAD if pause is NO_PAUSE else WIDE_HEAD)
    return Source(fd, facts.st_size, head, pause), facts


def _open(path: bytes, length: int) -> tuple[int, os.stat_result, bytes]:
    """The descriptor of a regular file, its facts and its first bytes."""
    try:
        fd = os.open(path, _FLAGS)
    except OSError as exc:
        raise from_os_error(exc) from exc
    except ValueError as exc:
        sentence = "The path of this file holds characters that no file name can have."
        raise AudioError(ProblemKind.ENCODING, sentence) from exc
    try:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            raise AudioError(ProblemKind.UNSUPPORTED, "This is not a regular file.")
        if facts.st_size == 0:
            raise AudioError(ProblemKind.EMPTY, "The file is empty.")
        return fd, facts, os.pread(fd, length, 0)
    except BaseException:
        os.close(fd)
        raise
