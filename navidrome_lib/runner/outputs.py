"""What the services say, forwarded in the one thread of the supervisor while it waits.

No thread of its own: a process may only fork what runs on without them when it has one thread.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Callable, Iterator

LineSink = Callable[[str], None]
BLOCK = 65_536


class Outputs:
    """Waits for output and for signals, and hands every line to the sink of the child that said it."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._unfinished: dict[int, bytes] = {}
        self._sinks: dict[int, LineSink] = {}
        self._wake, self._waker = os.pipe()
        for descriptor in (self._wake, self._waker):
            os.set_blocking(descriptor, False)
        self._selector.register(self._wake, selectors.EVENT_READ)

    @contextlib.contextmanager
    def woken_by_signals(self) -> Iterator[None]:
        """Let every signal that has a handler, and the end of a child, end a wait at once."""
        before = signal.signal(signal.SIGCHLD, lambda number, frame: None)
        waker = signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(waker)
            signal.signal(signal.SIGCHLD, before)

    def close(self) -> None:
        """Forget all children."""
        self._selector.close()
        os.close(self._wake)
        os.close(self._waker)

    def add(self, descriptor: int, sink: LineSink) -> None:
        """Forward what arrives on the descriptor, until its end."""
        self._sinks[descriptor], self._unfinished[descriptor] = sink, b""
        self._selector.register(descriptor, selectors.EVENT_READ)

    def wait(self, seconds: float | None) -> None:
        """Forward what there is; return after some output, a signal, or `seconds` (None: whenever one comes)."""
        for key, _ in self._selector.select(seconds):
            if key.fd == self._wake:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake, BLOCK)
            else:
                self._forward(key.fd)

    def finish(self, descriptor: int, seconds: float) -> None:
        """Forward the last words of a child that has ended; a process that it left behind may hold them open."""
        limit = time.monotonic() + seconds
        while descriptor in self._sinks and (left := limit - time.monotonic()) > 0:
            self.wait(left)
        self._end(descriptor)

    def _forward(self, descriptor: int) -> None:
        data = os.read(descriptor, BLOCK)
        if not data:
            self._end(descriptor)
            return
        *lines, self._unfinished[descriptor] = (self._unfinished[descriptor] + data).split(b"\n")
        for line in lines:
            self._sinks[descriptor](as_text(line))

    def _end(self, descriptor: int) -> None:
        sink = self._sinks.pop(descriptor, None)
        if sink is None:
            return
        self._selector.unregister(descriptor)
        if unfinished := self._unfinished.pop(descriptor):
            sink(as_text(unfinished))


def as_text(line: bytes) -> str:
    """A line of output, without its end."""
    return line.decode("utf-8", "replace").rstrip("\r\n")
