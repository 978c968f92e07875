"""Threads that run requests."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

logger = logging.getLogger(__name__)
Step = Callable[[], object]


class _Thread:
    """A thread of ours; idle while its lock is held by none but itself."""

    def __init__(self, step: Step) -> None:
        self.step: Step | None = step
        self.woken = threading.Lock()
        self.woken.acquire()


class RequestThreads:
    """At most `most` threads, which begin when they are needed. The one that was busy last gets what comes next.

    So a single client is served by one thread, whose connection to the database and whose memory are warm. An executor
    of the standard library takes the one that was idle the longest, and wakes another one up beside it.
    """

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._lock = threading.Lock()
        self._idle: list[_Thread] = []
        self._waiting: deque[Step] = deque()
        self._begun = 0
        self._is_closed = False

    def submit(self, step: Step) -> None:
        """Have a thread run `step`, as soon as there is one. Raises RuntimeError when closed, or without any thread."""
        with self._lock:
            if self._is_closed:
                raise RuntimeError("The threads have ended.")
            if self._idle:
                thread = self._idle.pop()
                thread.step = step
                thread.woken.release()
            elif self._begun >= self._most or not self._begin(step):
                self._waiting.append(step)

    def close(self) -> None:
        """Take nothing more, and drop what waits; what runs comes to its end."""
        with self._lock:
            self._is_closed = True
            self._waiting.clear()
            idle, self._idle = self._idle, []
        for thread in idle:
            thread.step = None
            thread.woken.release()

    def _begin(self, step: Step) -> bool:
        """Begin another thread. Where the system gives none: False while there are others, else RuntimeError."""
        thread = threading.Thread(target=self._run, args=(_Thread(step),), name=f"{self._name}_{self._begun + 1}")
        try:
            thread.start()
        except RuntimeError:
            if not self._begun:
                raise
            return False
        self._begun += 1
        return True

    def _run(self, thread: _Thread) -> None:
        while (step := thread.step) is not None:
            try:
                step()
            except BaseException:  # also one that would end the thread: what waits would wait for ever
                logger.exception("A request ended in an error that nothing answered.")
            # what the step held must not live until the next one
            thread.step = step = None
            if not self._is_next(thread):
                thread.woken.acquire()

    def _is_next(self, thread: _Thread) -> bool:
        """Whether the thread has something to do at once, or to end; else it is idle."""
        with self._lock:
            if self._waiting:
                thread.step = self._waiting.popleft()
            elif not self._is_closed:
                self._idle.append(thread)
                return False
            return True
