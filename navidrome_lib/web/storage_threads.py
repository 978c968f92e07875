"""Threads that read bodies from storage: apart from those of requests, and bounded for each storage."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Job = tuple[Callable[[], Any], Callable[[Any], None]]


class StorageThreads:
    """Runs jobs in threads, at most `each` of one storage at once. To be called in the loop only.

    Storage that does not answer holds its own threads; jobs of others go on, and so do requests.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, most: int, each: int) -> None:
        self._loop = loop
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="storage")
        self._each = each
        self._running: dict[str, int] = {}
        self._waiting: dict[str, deque[Job]] = {}

    def submit(self, storage: str, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Have a thread do `work`, then call `done` in the loop with its value, or with the exception of it."""
        if self._running.get(storage, 0) >= self._each:
            self._waiting.setdefault(storage, deque()).append((work, done))
            return
        self._running[storage] = self._running.get(storage, 0) + 1
        self._start(storage, (work, done))

    def close(self) -> None:
        """Begin nothing more."""
        self._waiting.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _start(self, storage: str, job: Job) -> None:
        with contextlib.suppress(RuntimeError):  # closed: the server stops
            self._pool.submit(self._run, storage, job)

    def _run(self, storage: str, job: Job) -> None:
        work, done = job
        try:
            found = work()
        except Exception as error:
            found = error
        with contextlib.suppress(RuntimeError):  # the loop has ended, and every connection with it
            self._loop.call_soon_threadsafe(self._end, storage, done, found)

    def _end(self, storage: str, done: Callable[[Any], None], found: Any) -> None:
        waiting = self._waiting.get(storage)
        if waiting:
            self._start(storage, waiting.popleft())
            if not waiting:
                del self._waiting[storage]
        else:
            self._running[storage] -= 1
            if not self._running[storage]:
                del self._running[storage]
        done(found)
