"""The reads of one reader process: one file after the other, or several whose storage is waited for at the same time.

While the storage answers at once, the process reads a file when it comes to it. As soon as files wait for the storage,
threads go ahead. Only one of them parses at a time, the one that has the turn; it gives the turn away around each call
that may wait (see `Pause` in file). So it is always known which file is in hand, should it hang or end the process.
To open a file, which comes first, and to close it needs no turn.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from libraries.audio.file import NO_PAUSE, Pause
from libraries.audio.pool.protocol import COUNT, Answer
from libraries.in_flight import InFlight, Stopwatch

T = TypeVar("T")

# what a thread may call into needs no more; the whole counts to the memory that a process may have
_STACK_BYTES: Final = 512 * 1024
_M_ARENA_MAX: Final = -8

# does an operation on the file at a path, with the encoding of text that tells none; raises nothing. It pauses before
# anything else, to open the file
Work = Callable[[bytes, str, Pause], Answer]


class Turn:
    """The right to parse. Its holder writes down, in memory shared with the parent, which file is in hand.

    While no thread parses that is the file whose answer is awaited.
    """

    def __init__(self, counter: mmap.mmap) -> None:
        self._counter = counter
        self._lock = threading.Lock()
        self._awaited = 0

    def take(self, number: int) -> None:
        """Wait for the turn; then the file of that number is in hand."""
        self._lock.acquire()
        COUNT.pack_into(self._counter, 0, number)

    def give(self) -> None:
        """Give the turn to whichever thread waits for it."""
        COUNT.pack_into(self._counter, 0, self._awaited)
        self._lock.release()

    def await_(self, number: int) -> None:
        """Say that the answer of a file is awaited."""
        self.take(number)
        self._awaited = number
        self.give()


class Job:
    """One file to be read, and its answer. It is the pause of its own reading, and has the turn behind the first."""

    __slots__ = ("_has_turn", "_to_close", "_turn", "answer", "encoding", "is_begun", "number", "path", "work")

    def __init__(self, number: int, path: bytes, encoding: str, work: Work, turn: Turn) -> None:
        """Number the files of a process from 1 on, in the order in which they were asked for."""
        self.number = number
        self.path = path
        self.encoding = encoding
        self.work = work
        self._turn = turn
        self._has_turn = False
        self._to_close: list[int] = []
        self.is_begun = False
        self.answer: Answer | None = None

    def __enter__(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._turn.give()

    def __exit__(self, *_: object) -> None:
        self._turn.take(self.number)
        self._has_turn = True

    def close(self, fd: int) -> None:
        """Close a file behind the reading."""
        self._to_close.append(fd)

    def perform(self, pause: Pause) -> Answer:
        """Read the file; with another pause than this job, it has the turn all the time."""
        if pause is not self:
            return self.hold(self.work, self.path, self.encoding, pause)
        try:
            return self.work(self.path, self.encoding, self)
        finally:
            self.__enter__()
            while self._to_close:
                os.close(self._to_close.pop())

    def hold(self, work: Callable[..., T], *arguments: Any) -> T:
        """Return what some work returns, which has the turn: if it hangs or ends the process, it was for this file."""
        self._turn.take(self.number)
        try:
            return work(*arguments)
        finally:
            self._turn.give()


class Reads:
    """The files that were asked for, and their answers. One thread asks for these; others may work ahead of it."""

    def __init__(self, counter: mmap.mmap, in_flight: InFlight | None = None) -> None:
        """Read as many files at once as `in_flight` says; the counter shows which one is in hand."""
        self.turn = Turn(counter)
        self._in_flight = in_flight or InFlight(1)
        # whether threads have ever been worth it: until then there is nothing to share with them
        self._is_shared = False
        self._lock = threading.Lock()
        self._to_do = threading.Condition(self._lock)
        self._done = threading.Condition(self._lock)
        self._pending: deque[Job] = deque()
        self._under_way = 0
        self._threads = 0
        self._idle = 0
        self._asked = 0
        self._awaited: Job | None = None

    def bound(self, most: int, least: int) -> None:
        """Have `most` files at the most under way at once, and `least` at the least."""
        with self._lock:
            self._in_flight.bound(most, least=least)
            self._is_shared = self._is_shared or self._in_flight.limit > 1

    def ask(self, paths: Iterable[bytes], encoding: str, work: Work) -> list[Job]:
        """Have files read, after all those that were asked for before."""
        jobs = [Job(number, path, encoding, work, self.turn) for number, path in enumerate(paths, self._asked + 1)]
        self._asked += len(jobs)
        with self._lock:
            self._pending += jobs
            if self._is_shared:
                self._set_to_work()
        return jobs

    @property
    def are_shared(self) -> bool:
        """Whether threads read files, or did once."""
        return self._is_shared

    @property
    def are_ahead(self) -> bool:
        """Whether more files would be begun now, if they were asked for."""
        return self._is_shared and not self._pending

    def result(self, job: Job) -> Answer:
        """The answer of a file; ask for those of all files in their order, once each: none is kept here."""
        self.turn.await_(job.number)
        with self._lock:
            self._awaited = job
            while job.is_begun or self._in_flight.limit > 1:
                if job.answer is not None:
                    answer, job.answer = job.answer, None
                    return answer
                self._set_to_work()
                if job.is_begun or self._in_flight.limit > 1:
                    self._done.wait()
            self._pending.remove(job)
            is_alone = self._in_flight.limit == 1 and not self._under_way
        return self._read_here(job, NO_PAUSE if is_alone else job)

    def again(self, job: Job) -> Answer:
        """The answer of a file that is read once more, with no other file under way."""
        with self._lock:
            in_flight, self._in_flight = self._in_flight, InFlight(1)
            while self._under_way:
                self._done.wait()
        try:
            return job.perform(NO_PAUSE)
        finally:
            self._in_flight = in_flight

    def _read_here(self, job: Job, pause: Pause) -> Answer:
        watch = Stopwatch()
        answer = job.perform(pause)
        seconds, waited = watch.read()
        with self._lock:
            self._in_flight.add(seconds, waited, 1 + self._under_way)
            if self._in_flight.limit > 1:
                self._is_shared = True
                self._set_to_work()
        return answer

    def _set_to_work(self) -> None:
        """Wake up or start threads for what is to be done."""
        limit = self._in_flight.limit
        wanted = min(limit - self._under_way, len(self._pending)) if limit > 1 else 0
        if wanted <= 0:
            return
        self._to_do.notify(wanted)
        for _ in range(min(wanted - self._idle, limit - self._threads)):
            try:
                start_thread(self._work)
            except RuntimeError:  # the system gives no more of them
                self._in_flight.bound(self._threads)
                return
            self._threads += 1

    def _work(self) -> None:
        """Read one file after the other. What goes wrong here ends the process, which its parent knows to deal with."""
        try:
            while True:
                job = self._next()
                watch = Stopwatch()
                answer = job.perform(job)
                self._finish(job, answer, *watch.read())
        except BaseException:
            os._exit(1)

    def _next(self) -> Job:
        with self._lock:
            while not self._pending or not 1 < self._in_flight.limit > self._under_way:
                self._idle += 1
                self._to_do.wait()
                self._idle -= 1
            job = self._pending.popleft()
            job.is_begun = True
            self._under_way += 1
            return job

    def _finish(self, job: Job, answer: Answer, seconds: float, waited: float) -> None:
        with self._lock:
            self._in_flight.add(seconds, waited, self._under_way)
            self._under_way -= 1
            job.answer = answer
            self._set_to_work()
            # with one at a time no other thread begins what is awaited
            if job is self._awaited or self._in_flight.limit == 1:
                self._done.notify()


def start_thread(work: Callable[[], Any]) -> None:
    """Start a thread with a small stack. Raises RuntimeError where the system gives none."""
    before = threading.stack_size(_STACK_BYTES)
    try:
        threading.Thread(target=work, name="file-reader", daemon=True).start()
    finally:
        threading.stack_size(before)


def keep_one_heap() -> None:
    """Have the threads to come share one heap (glibc): each of its own would count to the limit of memory."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
