"""Handle of one reader process in its parent: what it was sent, what it owes, and its answers."""

from __future__ import annotations

import contextlib
import fcntl
import marshal
import mmap
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from typing import Any, Final

from libraries.audio.pool.isolation import clean_environment
from libraries.audio.pool.protocol import COUNT, ONE_AT_A_TIME, READ, Answer, Conversion, Flights

BATCH_FILES: Final = 48
_START_TIMEOUT: Final = 60.0
# A pipe of this size takes two batches at once.
_ROOMY_PIPE: Final = 64 * 1024
_WIDE_PIPE: Final = 512 * 1024

PathAnswer = tuple[bytes, Answer]


class ReaderProcess:
    """One persistent reader process and the paths that it owes an answer for, in order."""

    def __init__(self, timeout: float, memory: int, conversion: Conversion | None = None) -> None:
        self.timeout = timeout
        self._conversion = conversion
        self._is_converting = False
        # what the files that it reads have in common, until it says something else
        self._common: Any = None
        self.owed: deque[bytes] = deque()
        self._ready = False
        self._progress = time.monotonic()
        self._buffer = bytearray()
        # which file it has in hand, which it writes down itself, and how many answers of it have come
        self._begun, shared = _shared_counter()
        self._answered = 0
        self._in_hand = 0
        try:
            self.process = _start(memory, shared, conversion)
        finally:
            os.close(shared)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.fd = self.process.stdout.fileno()
        _widen(self.fd)
        self._room = BATCH_FILES if _pipe_size(self.process.stdin.fileno()) >= _ROOMY_PIPE else 0

    def send(self, operation: str, encoding: str, paths: list[bytes], flights: Flights = ONE_AT_A_TIME) -> None:
        """Queue a batch; a reader that is gone shows when its answers are read."""
        if not self.owed:
            self._progress = time.monotonic()
        self._is_converting = self._conversion is not None and operation == READ
        self.owed.extend(paths)
        message = marshal.dumps((operation, str(encoding), tuple(flights), paths))
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(len(message).to_bytes(4, "little") + message)
            self.process.stdin.flush()

    def receive(self) -> list[PathAnswer] | None:
        """Return the answers that have arrived; None when the process is gone."""
        data = os.read(self.fd, 1 << 18)
        if not data:
            return None
        self._progress = time.monotonic()
        self._buffer += data
        return self._split()

    def _split(self) -> list[PathAnswer]:
        answers: list[PathAnswer] = []
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 4:
            end = at + 4 + int.from_bytes(buffer[at : at + 4], "little")
            if end > len(buffer):
                break
            message = marshal.loads(memoryview(buffer)[at + 4 : end])  # noqa: S302 - our own reader
            at = end
            if self._ready:
                values = map(self._whole, message) if self._is_converting else message
                answers += [(self.owed.popleft(), value) for value in values]
            self._ready = True
        del buffer[:at]
        self._answered += len(answers)
        return answers

    def give_up(self) -> tuple[bytes, list[bytes]]:
        """Return the file that a killed process was reading, and the others that it owed; now it owes nothing.

        Those before the one in hand are read, but their answers are lost.
        """
        paths = list(self.owed)
        self.owed.clear()
        culprit = paths.pop(min(max(self._in_hand, 0), len(paths) - 1))
        return culprit, paths

    def _whole(self, answer: Answer) -> Answer:
        """Return an answer with its common part, which came now or with an earlier answer since the last problem."""
        if not answer[0]:
            self._common = None
            return answer
        size, mtime_ns, own, common = answer[1]
        if common is not None:
            assert self._conversion is not None
            self._common = self._conversion.revive(common)
        assert self._common is not None
        return True, (size, mtime_ns, own, self._common)

    def is_late(self) -> bool:
        """Return whether the file that is being read has had its time."""
        limit = self.timeout if self._ready else _START_TIMEOUT
        return bool(self.owed) and time.monotonic() - self._progress > limit

    def takes_more(self) -> bool:
        """Return whether a batch can be sent without waiting for a reader that waits for us to take its answers.

        An idle reader reads at once; a working one needs room in the pipe, which the system grants or not.
        """
        return len(self.owed) <= self._room

    @property
    def is_ready(self) -> bool:
        """Return whether the process has ever come up."""
        return self._ready

    def kill(self) -> int:
        """End the process now, leave no zombie and no descriptor, and return its return code."""
        self.process.kill()
        code = self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                # What could not be delivered to a dead reader is tried once more on closing.
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._in_hand = COUNT.unpack_from(self._begun)[0] - self._answered - 1
        self._begun.close()
        return code


def _start(memory: int, counter: int, conversion: Conversion | None) -> subprocess.Popen[bytes]:
    numbers = map(str, (os.getpid(), memory, counter))
    # A plain subprocess: multiprocessing refuses to work inside the daemonic processes of a task queue.
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "libraries.audio.pool.worker",
            *numbers,
            *([conversion.function, conversion.argument] if conversion else []),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        close_fds=True,
        pass_fds=(counter,),
        env=clean_environment(),
    )


def _shared_counter() -> tuple[mmap.mmap, int]:
    """Return memory for one number that a reader can share, and the descriptor to share it by."""
    if sys.platform == "linux":
        shared = os.memfd_create("files-begun")
    else:
        shared, name = tempfile.mkstemp()
        os.unlink(name)
    os.truncate(shared, COUNT.size)
    return mmap.mmap(shared, COUNT.size), shared


def _widen(fd: int) -> None:
    """Widen a pipe, so that a reader need not wait until its parent takes the answers."""
    ask = getattr(fcntl, "F_SETPIPE_SZ", None)
    if ask is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, ask, _WIDE_PIPE)


def _pipe_size(fd: int) -> int:
    """Return the capacity of a pipe, 0 where the system does not tell."""
    ask = getattr(fcntl, "F_GETPIPE_SZ", None)
    return fcntl.fcntl(fd, ask) if ask is not None else 0
