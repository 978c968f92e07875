"""Slow work beside the main thread, which meanwhile keeps the lease alive and listens for a wish to cancel.

Threads, because what is waited for is not Python: storage that hangs, and reader processes. They never touch the
database. A thread that is stuck in a dead file system is left behind; it dies with the process.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, Final, Generic, TypeVar

from libraries.audio.pool.pool import ReaderPool
from libraries.audio.pool.protocol import ReadResult
from libraries.choices import TextEncoding
from libraries.scanner.limits import ScanLimits

T = TypeVar("T")

_TICK: Final = 0.5
_GROUP_SECONDS: Final = 0.2
_GROUPS_AHEAD: Final = 16


class _End(Generic[T]):
    """The last thing in a queue: the end, or the error that was it."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def iterate(items: Iterable[T], beat: Callable[[], None], *, group: int = ScanLimits.group) -> Iterator[T]:
    """The `items`, drawn in a thread that hands them over in groups."""

    def feed(put: Callable[[list[T]], None]) -> None:
        drawn: list[T] = []
        since = time.monotonic()
        for item in items:
            drawn.append(item)
            if len(drawn) >= group or time.monotonic() - since > _GROUP_SECONDS:
                put(drawn)
                drawn, since = [], time.monotonic()
        put(drawn)

    return _drain(feed, beat)


class _Stopped(Exception):
    """Raised in the reading thread when the result is no longer needed."""


class _Feed(Generic[T]):
    """The thread's end of the queue."""

    def __init__(self, work: Callable[[Callable[[list[T]], None]], None]) -> None:
        self.groups: queue.Queue[list[T] | _End[T]] = queue.Queue(_GROUPS_AHEAD)
        self.stopped = threading.Event()
        self._work = work

    def put(self, group: list[T] | _End[T]) -> None:
        while not self.stopped.is_set():
            try:
                self.groups.put(group, timeout=_TICK)
            except queue.Full:
                continue
            return
        raise _Stopped

    def run(self) -> None:
        with suppress(_Stopped):
            try:
                self._work(self.put)
            except _Stopped:
                raise
            except BaseException as error:  # it is raised again by the main thread
                self.put(_End(error))
            else:
                self.put(_End())


def _drain(work: Callable[[Callable[[list[T]], None]], None], beat: Callable[[], None]) -> Iterator[T]:
    feed = _Feed(work)
    threading.Thread(target=feed.run, name="scan-background", daemon=True).start()
    try:
        while True:
            try:
                group = feed.groups.get(timeout=_TICK)
            except queue.Empty:
                beat()
                continue
            if isinstance(group, _End):
                if group.error is not None:
                    raise group.error
                return
            yield from group
            beat()
    finally:
        feed.stopped.set()


class BackgroundReader:
    """Tag readers that work on what is ordered while the main thread does something else."""

    def __init__(
        self, pool: Callable[[], ReaderPool], beat: Callable[[], None], *, encoding: str = TextEncoding.AUTO
    ) -> None:
        """Read with the processes of a pool; `encoding` is that of text in tags that tells none."""
        self._make_pool = pool
        self._beat = beat
        self._encoding = encoding
        self._orders: queue.SimpleQueue[list[bytes] | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[list[ReadResult] | BaseException] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> BackgroundReader:
        return self

    def __exit__(self, *_: Any) -> None:
        self._stopped.set()
        self._orders.put(None)
        if self._thread is not None:
            self._thread.join(timeout=2)  # with a beat of 2 s before it, cancelling takes less than 5

    def start(self) -> None:
        """Start all readers now, when it is known that there will be much to read."""
        self._start(all_readers=True)

    def submit(self, paths: list[bytes]) -> None:
        """Order some files; each has one result, and they come in the order of completion."""
        if not paths:
            return
        if self._thread is None:
            self._start(all_readers=False)
        self._orders.put(paths)

    def _start(self, *, all_readers: bool) -> None:
        # the readers die with the thread that starts them: it lives as long as they are needed
        self._thread = threading.Thread(target=self._run, args=(all_readers,), name="scan-readers", daemon=True)
        self._thread.start()

    def collect(self) -> list[ReadResult]:
        """The next results, of which there must be some to come."""
        while True:
            try:
                results = self._results.get(timeout=_TICK)
            except queue.Empty:
                self._beat()
                continue
            if isinstance(results, BaseException):
                raise results
            self._beat()
            return results

    def _run(self, all_readers: bool) -> None:
        try:
            with self._make_pool() as pool:
                pool.encoding = self._encoding
                if all_readers:
                    pool.start()
                while (paths := self._orders.get()) is not None and not self._stopped.is_set():
                    for results in pool.read_groups(self._ordered(paths), stop=self._stopped.is_set):
                        self._results.put(results)
        except BaseException as error:
            self._results.put(error)

    def _ordered(self, paths: list[bytes]) -> Iterator[bytes]:
        """These paths, and all that is ordered while they are drawn: no reader waits for what another one still has."""
        more: list[bytes] | None = paths
        while more is not None:
            yield from more
            try:
                more = self._orders.get_nowait()
            except queue.Empty:
                return
        # the end marker is for the thread that took the first of these
        self._orders.put(None)
