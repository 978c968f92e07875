"""A connection that an application has taken over: any thread sends through it, and none waits for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from navidrome_lib.web.connection import Connection

LAST_CHUNK = b"0\r\n\r\n"


class LoopChannel:
    """`navidrome_lib.api.streams.Channel` on a connection of this process's loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, connection: Connection, *, chunked: bool) -> None:
        self._loop = loop
        self._connection = connection
        self._chunked = chunked
        self._ended = False
        self._callbacks: list[Callable[[], None]] = []

    def open(self) -> None:
        """Begin, in the loop."""
        self._connection.stream()
        self._connection.on_end = self._end
        if self._connection.transport.is_closing():
            self._end()

    def send(self, data: bytes) -> None:
        """Send some bytes; a client that does not take what was sent before is cut off, and comes back by itself."""
        self._call(lambda: self._send(b"%X\r\n%b\r\n" % (len(data), data) if self._chunked else data))

    def close(self) -> None:
        """Send what waits, then end."""
        self._call(self._close)

    def on_close(self, callback: Callable[[], None]) -> None:
        """Call `callback` in the loop when the connection has ended: it must be quick. Also when it ended before."""
        self._call(lambda: callback() if self._ended else self._callbacks.append(callback))

    def _send(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            if self._connection.send(data):
                self._connection.transport.abort()

    def _close(self) -> None:
        if not self._ended:
            self._connection.finish(LAST_CHUNK if self._chunked else b"", keep=False)

    def _end(self) -> None:
        self._ended = True
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def _call(self, function: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and every connection with it
            self._loop.call_soon_threadsafe(function)
