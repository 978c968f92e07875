"""Sending a body that is read piece by piece: no thread waits, neither for the storage nor for the client."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from navidrome_lib.web.channel import LAST_CHUNK
from navidrome_lib.web.connection import Connection
from navidrome_lib.web.storage_threads import StorageThreads

if TYPE_CHECKING:
    import asyncio

    from navidrome_lib.api.streams import Source


class Host(Protocol):
    """What sending needs of the worker."""

    loop: asyncio.AbstractEventLoop
    storage: StorageThreads
    # gunicorn's
    log: Any

    def piece_bytes(self) -> int: ...


class Sender:
    """Draws from a source as its client has room. Everything but the reading happens in the loop.

    A body of which less comes than the head has promised ends with a cut: it never looks whole.
    """

    def __init__(
        self,
        worker: Host,
        connection: Connection,
        source: Source,
        *,
        length: int | None,
        chunked: bool,
        keep: bool,
        ended: Callable[[int], None],
    ) -> None:
        """`length` is what the head promises, None when it does not; `ended` is told how many bytes were sent."""
        self._worker = worker
        self._connection = connection
        self._source = source
        self._length = length
        self._chunked = chunked
        self._keep = keep
        self._ended = ended
        self._sent = 0
        self._reading = False
        self._is_over = False

    def start(self, head: bytes) -> None:
        """Send the head, then the body."""
        self._connection.on_end = self._gone
        self._connection.draw(self._worker.piece_bytes())
        if self._send(head):
            self._go_on()

    def _go_on(self) -> None:
        if self._is_over or self._reading:
            return
        if self._connection.transport.is_closing():
            self._end()
        elif self._connection.congested:
            self._connection.on_room = self._go_on
        else:
            self._reading = True
            size = self._worker.piece_bytes()
            if self._length is not None:
                size = min(size, self._length - self._sent)
            self._worker.storage.submit(self._source.storage, lambda: self._source.read(size), self._take)

    def _take(self, found: Any) -> None:
        """Go on with what a read has returned or raised."""
        self._reading = False
        if self._is_over:
            self._source.close()
        elif isinstance(found, Exception):
            self._worker.log.error("A body could not be read to its end: %s", found)
            self._cut()
        elif found is None:
            self._source.when_ready(self._ready)
        elif not found:
            if self._length is not None and self._sent < self._length:
                self._worker.log.error("A body ended %d bytes too early.", self._length - self._sent)
                self._cut()
            else:
                self._finish()
        elif self._send(b"%X\r\n%b\r\n" % (len(found), found) if self._chunked else found):
            self._sent += len(found)
            if self._sent == self._length:
                self._finish()
            else:
                self._go_on()

    def _ready(self) -> None:
        """Called by any thread."""
        with contextlib.suppress(RuntimeError):
            self._worker.loop.call_soon_threadsafe(self._go_on)

    def _send(self, data: bytes) -> bool:
        try:
            self._connection.send(data)
        except ConnectionError:
            self._end()
            return False
        return True

    def _finish(self) -> None:
        self._connection.on_end = None
        self._connection.finish(LAST_CHUNK if self._chunked else b"", keep=self._keep)
        self._end()

    def _cut(self) -> None:
        self._connection.transport.abort()
        self._end()

    def _gone(self) -> None:
        if not self._is_over:
            self._end()

    def _end(self) -> None:
        self._is_over = True
        if not self._reading:  # a thread that still reads must not find another file under the same number
            self._source.close()
        self._ended(self._sent)
