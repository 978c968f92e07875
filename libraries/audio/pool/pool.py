"""Pool of isolated processes that read files: no file can hang, starve or crash the caller."""

from __future__ import annotations

import contextlib
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import chain
from types import TracebackType
from typing import Any, Final, Self

from libraries.audio.errors import AudioError
from libraries.audio.pool.handle import BATCH_FILES, PathAnswer, ReaderProcess
from libraries.audio.pool.protocol import (
    FINGERPRINT,
    ONE_AT_A_TIME,
    PICTURE,
    RAW_TAGS,
    READ,
    Conversion,
    FingerprintResult,
    Flights,
    ReadResult,
)
from libraries.choices import ProblemKind, TextEncoding

DEFAULT_TIMEOUT: Final = 10.0
DEFAULT_MEMORY: Final = 512 * 1024 * 1024
# processes in a row that never came up, before the pool gives up
_FAILED_STARTS: Final = 5
_BATCH_BYTES: Final = 12 * 1024
# files that are worth starting another process for, while there are fewer than there may be
_FIRST_FILES: Final = 16
_MAX_PATH: Final = 8 * 1024
_TICK: Final = 0.25
# Processes that owe this many answers or more are asked together for several answers at once: to wake up for each
# answer costs as much as to read a file. Their pipes do not fill and they do not idle in _GATHER seconds.
_BUSY: Final = 16
_GATHER: Final = 0.005


class ReaderPool:
    """Pool of `workers` reader processes behind one iterator.

    Each file ends in exactly one result. A file that hangs, or that ends its process twice, is a problem of itself
    alone: the rest of its batch is read by a fresh process. One that hangs while others are under way is read again
    alone first. Not for use from two threads at once.
    """

    def __init__(
        self,
        workers: int = 2,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        memory: int = DEFAULT_MEMORY,
        conversion: Conversion | None = None,
        encoding: str = TextEncoding.AUTO,
        flights: Callable[[], Flights] = lambda: ONE_AT_A_TIME,
        give_way: Callable[[], None] = lambda: None,
    ) -> None:
        """Make a pool; with a `conversion` its results come in place of facts and tags.

        `encoding` is that of text that tells none: each batch of paths travels with it, so it may be set at any time.
        `flights` says, before each batch, how many files all processes together may have under way; `give_way` may
        wait a moment before each.
        """
        if workers < 1:
            raise ValueError("a reader pool needs at least one worker")
        self._flights = flights
        self.give_way = give_way
        self._timeout = timeout
        self._memory = memory
        self._conversion = conversion
        self.encoding = encoding
        self.workers = workers
        self.readers: list[ReaderProcess] = []
        self._selector: selectors.BaseSelector | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pids(self) -> list[int]:
        """Return the ids of the processes that are alive now."""
        return [reader.process.pid for reader in self.readers]

    def read_many(
        self, paths: Iterable[bytes], *, stop: Callable[[], bool] | None = None
    ) -> Generator[ReadResult, None, None]:
        """Read files; results come in the order of completion.

        `paths` is drawn from as results are taken, never far ahead. Closing the iterator, or a `stop` that turns true
        (asked at least four times a second), ends the work at once.
        """
        with contextlib.closing(self.read_groups(paths, stop=stop)) as groups:
            for results in groups:
                yield from results

    def read_groups(
        self, paths: Iterable[bytes], *, stop: Callable[[], bool] | None = None
    ) -> Generator[list[ReadResult], None, None]:
        """Read files as `read_many` does; results come in lists as they arrive, the quicker way for many files."""
        make = ReadResult.of_converted if self._conversion is not None else ReadResult.of_audio
        with contextlib.closing(self._run(READ, paths, stop)) as groups:
            for answers in groups:
                yield [make(path, answer) for path, answer in answers]

    def read_fingerprints(
        self, paths: Iterable[bytes], *, stop: Callable[[], bool] | None = None
    ) -> Generator[FingerprintResult, None, None]:
        """Read the fingerprints of audio (see fingerprint) in the order of completion, under the same limits."""
        with contextlib.closing(self._run(FINGERPRINT, paths, stop)) as groups:
            for path, answer in chain.from_iterable(groups):
                yield FingerprintResult.of_answer(path, answer)

    def read_raw_tags(self, path: bytes) -> dict[str, list[str]]:
        """Read the file's own tags as text (see inspect.read_raw_tags); raises AudioError."""
        found: dict[str, list[str]] = self._one(RAW_TAGS, path)
        return found

    def read_picture(self, path: bytes) -> tuple[bytes, str] | None:
        """Read the embedded front cover and its MIME type; raises AudioError."""
        found: tuple[bytes, str] | None = self._one(PICTURE, path)
        return found

    def close(self) -> None:
        """End all processes. The pool may be used again; it then starts new ones."""
        for reader in tuple(self.readers):
            self.drop(reader)

    def _one(self, operation: str, path: bytes) -> Any:
        ((_, answer),) = chain.from_iterable(self._run(operation, [path], None))
        if not answer[0]:
            raise AudioError(answer[1], answer[2])
        return answer[1]

    def _run(
        self, operation: str, paths: Iterable[bytes], stop: Callable[[], bool] | None
    ) -> Generator[list[PathAnswer], None, None]:
        if self._selector is not None:
            raise RuntimeError("this reader pool is in use")
        self._selector = selectors.DefaultSelector()
        for reader in self.readers:
            self._selector.register(reader.fd, selectors.EVENT_READ, reader)
        run = _Run(self, operation, paths)
        try:
            while not (stop is not None and stop()):
                yield from run.feed()
                if run.is_finished():
                    return
                yield from run.collect()
        finally:
            # A process that still owes an answer may be stuck in a file whose result is not wanted any more.
            for reader in tuple(self.readers):
                if reader.owed:
                    self.drop(reader)
            self._selector.close()
            self._selector = None

    def start(self) -> None:
        """Start all processes now; they come up while the caller does something else."""
        while len(self.readers) < self.workers:
            self.spawn()

    def spawn(self) -> ReaderProcess:
        """Start one more process."""
        reader = ReaderProcess(self._timeout, self._memory, self._conversion)
        self.readers.append(reader)
        if self._selector is not None:
            self._selector.register(reader.fd, selectors.EVENT_READ, reader)
        return reader

    def drop(self, reader: ReaderProcess) -> int:
        """End a process and return its return code."""
        self.readers.remove(reader)
        if self._selector is not None:
            self._selector.unregister(reader.fd)
        return reader.kill()

    def flights(self) -> Flights:
        """How many files each process may have under way at the moment."""
        return Flights(*(max(1, share // self.workers) for share in self._flights()))

    def wait(self, seconds: float) -> list[ReaderProcess]:
        """Return the processes that have answers to take, after `seconds` at most."""
        assert self._selector is not None
        return [key.data for key, _ in self._selector.select(seconds)]


class _Run:
    """One pass over some paths: what is still to send, what must be sent again, and who is suspect."""

    def __init__(self, pool: ReaderPool, operation: str, paths: Iterable[bytes]) -> None:
        self._pool = pool
        self._operation = operation
        self._source = iter(paths)
        self._again: deque[bytes] = deque()
        self._suspects: set[bytes] = set()
        # what was sent once more, to be read without others
        self._alone: set[bytes] = set()
        self._exhausted = False
        self._failed_starts = 0

    def is_finished(self) -> bool:
        return self._exhausted and not self._again and not any(reader.owed for reader in self._pool.readers)

    def feed(self) -> Iterator[list[PathAnswer]]:
        """Send batches to readers that have room, and return the answers for paths that no system takes."""
        pool = self._pool
        while True:
            free = [reader for reader in pool.readers if reader.takes_more()]
            if not free and len(pool.readers) >= pool.workers:
                return
            # What is sent once more may be what ended a process: then it is to be the only file under way.
            again = bool(self._again)
            batch, refused = self._next_batch()
            if refused:
                yield refused
            if not batch:
                if self._exhausted:
                    return
                continue
            idle = min(free, key=lambda reader: len(reader.owed), default=None)
            # A process is started only when those that run have work to do already.
            if idle is None or (idle.owed and len(pool.readers) < pool.workers):
                idle = pool.spawn()
            if again:
                self._alone.update(batch)
            pool.give_way()
            idle.send(self._operation, pool.encoding, batch, ONE_AT_A_TIME if again else pool.flights())

    def _next_batch(self) -> tuple[list[bytes], list[PathAnswer]]:
        batch: list[bytes] = []
        refused: list[PathAnswer] = []
        room = _BATCH_BYTES
        most = BATCH_FILES if len(self._pool.readers) >= self._pool.workers else _FIRST_FILES
        while len(batch) < most and room > 0:
            path = self._again.popleft() if self._again else next(self._source, None)
            if path is None:
                self._exhausted = True
                break
            if len(path) > _MAX_PATH:
                refused.append((path, (False, ProblemKind.IO, "The path of this file is too long for the system.")))
                continue
            batch.append(path)
            room -= len(path) + 8
        return batch, refused

    def collect(self) -> Iterator[list[PathAnswer]]:
        """Wait a moment for answers, and deal with the readers that died or are late."""
        pool = self._pool
        ready = pool.wait(_TICK)
        if ready and all(len(reader.owed) >= _BUSY for reader in pool.readers):
            time.sleep(_GATHER)
            ready = pool.wait(0)
        for reader in ready:
            answers = reader.receive()
            if answers is None:
                yield from self._bury(reader)
                continue
            self._failed_starts = 0
            yield answers
        # Each yield above may have taken the caller any time, in which answers came into the pipes: only a reader
        # that is silent now is late. One at a time, for the same reason.
        if any(reader.is_late() for reader in pool.readers):
            talking = pool.wait(0)
            silent = (reader for reader in pool.readers if reader.is_late() and reader not in talking)
            if (late := next(silent, None)) is not None:
                yield from self._time_out(late)

    def _time_out(self, reader: ReaderProcess) -> Iterator[list[PathAnswer]]:
        self._pool.drop(reader)
        if not reader.is_ready:
            yield from self._cannot_start(reader)
            return
        culprit, others = reader.give_up()
        if self._pool.flights().most > 1 and culprit not in self._alone:
            # Others were under way: all together may have been slow, at a storage that gives each a part of its speed.
            self._again.extendleft(reversed([culprit, *others]))
            return
        self._again.extendleft(reversed(others))
        seconds = f"{reader.timeout:g}"
        yield [(culprit, (False, ProblemKind.TIMEOUT, f"Reading this file did not end within {seconds} seconds."))]

    def _bury(self, reader: ReaderProcess) -> Iterator[list[PathAnswer]]:
        """Deal with a process that ended by itself: its file is read again, and is the problem when that repeats."""
        code = self._pool.drop(reader)
        if not reader.owed:
            return
        if not reader.is_ready:
            yield from self._cannot_start(reader)
            return
        culprit, others = reader.give_up()
        if culprit not in self._suspects:
            self._suspects.add(culprit)
            self._again.extendleft(reversed([culprit, *others]))
            return
        self._again.extendleft(reversed(others))
        if code == -signal.SIGKILL:
            why = (False, ProblemKind.MEMORY, "The system ended the reader of this file, probably for its memory.")
        else:
            why = (False, ProblemKind.CORRUPT, "The file is damaged in a way that ends its reader.")
        yield [(culprit, why)]

    def _cannot_start(self, reader: ReaderProcess) -> Iterator[list[PathAnswer]]:
        self._failed_starts += 1
        self._again.extendleft(reversed(reader.owed))
        reader.owed.clear()
        if self._failed_starts >= _FAILED_STARTS:
            raise OSError("the reader process cannot be started")
        return
        yield


class TagReader(ReaderPool):
    """A single persistent reader process for one file at a time."""

    def __init__(
        self,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        memory: int = DEFAULT_MEMORY,
        encoding: str = TextEncoding.AUTO,
    ) -> None:
        super().__init__(1, timeout=timeout, memory=memory, encoding=encoding)

    def read(self, path: bytes) -> ReadResult:
        """Read one file."""
        (result,) = self.read_many([path])
        return result

    def read_fingerprint(self, path: bytes) -> FingerprintResult:
        """Read the fingerprint of one file."""
        (result,) = self.read_fingerprints([path])
        return result
