"""Answers that hold no thread of the web server: event streams, and bodies that are read piece by piece."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson
from django.http import StreamingHttpResponse

CONTENT_TYPE = "text/event-stream"
# what buffers or changes a stream on its way would hold messages back
HEADERS = {"Cache-Control": "no-cache, no-store, no-transform", "X-Accel-Buffering": "no"}
# of the number of a tab, at the end of the id of an event
TAB_DIGITS = 15
# when this process began to serve: the web server imports this module at its start
STARTED_AT = datetime.now(UTC)


def message(event: str, data: Any, tab: int = 0) -> bytes:
    """One event. Its id is the time in ms and the number of the tab: a client that comes back sends it.

    It gets the present state anyway.
    """
    number = int(time.time() * 1000) * 10**TAB_DIGITS + tab
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (number, event.encode(), orjson.dumps(data, default=str))


def reconnect_after(seconds: float) -> bytes:
    """Tells a client how long to wait before it comes back."""
    return b"retry: %d\n\n" % int(seconds * 1000)


class Channel(Protocol):
    """The way to a client whose connection was taken over; every method may be called by any thread, and none waits."""

    def send(self, data: bytes) -> None:
        """Send some bytes; a client that does not take what was sent before is cut off."""

    def close(self) -> None:
        """Send what waits, then end."""

    def on_close(self, callback: Callable[[], None]) -> None:
        """Call `callback`, which must be quick, when the connection has ended, by whomever; also if it has already."""


class LiveResponse(StreamingHttpResponse):
    """An answer that holds no thread: the web server sends the head, then calls `take_over` with a channel.

    Behind that call the request is over: connections to the database are given back. The worker class of the web server
    does so (`navidrome_lib.web`); other servers, such as Django's test client, find an empty answer.
    """

    def __init__(self, take_over: Callable[[Channel], None], **options: Any) -> None:
        super().__init__((), **options)
        self.take_over = take_over


class Source(Protocol):
    """A body that is read piece by piece: one call at a time, by any thread. It owns what it reads from."""

    @property
    def storage(self) -> str:
        """Name of the storage that may let `read` wait: reads of another one do not wait behind these."""

    def read(self, size: int) -> bytes | None:
        """Up to `size` further bytes; empty at the end, None while there are none yet.

        An error says that the body cannot be completed: the connection is cut, so that the client sees it.
        """

    def when_ready(self, callback: Callable[[], None]) -> None:
        """Call `callback`, which must be quick, as soon as `read` has something again. It may come from any thread."""

    def close(self) -> None:
        """Give back what the body was read from: at its end, or when its reader has gone. It must be quick."""


class PulledResponse(StreamingHttpResponse):
    """An answer whose body is a `Source`, which the web server's loop draws from as its reader has room.

    The worker class of the web server takes the source (`navidrome_lib.web`), and the request is over before the body
    is; other servers, such as Django's test client, iterate.
    """

    def __init__(self, source: Source, **options: Any) -> None:
        super().__init__(pieces(source), **options)
        self._source: Source | None = source

    def take_source(self) -> Source:
        """The source, which the caller closes from now on."""
        source, self._source = self._source, None
        assert source is not None
        return source

    def close(self) -> None:
        super().close()
        if self._source is not None:
            self.take_source().close()


def pieces(source: Source, size: int = 64 * 1024) -> Iterator[bytes]:
    """What is in a source, for a server that iterates; waits where there is nothing yet."""
    while True:
        piece = source.read(size)
        if piece is None:
            ready = threading.Event()
            source.when_ready(ready.set)
            ready.wait()
        elif piece:
            yield piece
        else:
            return


class _Server:
    """What the web server says about itself; nothing does outside of one."""

    def __init__(self) -> None:
        self.ends: Callable[[], bool] = lambda: False


_server = _Server()


def end_when(condition: Callable[[], bool]) -> None:
    """Open streams end as soon as `condition` is true: a server that stops waits for every answer."""
    _server.ends = condition


def must_end() -> bool:
    """True when the server is stopping."""
    return _server.ends()
