"""Server-sent events: how a message is written, how it gets to a client, and when streams must end."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson
from django.http import StreamingHttpResponse

CONTENT_TYPE = "text/event-stream"
# what buffers or changes a stream on its way would hold messages back
HEADERS = {"Cache-Control": "no-cache, no-store, no-transform", "X-Accel-Buffering": "no"}
# when this process began to serve: the web server imports this module at its start
STARTED_AT = datetime.now(UTC)


def message(event: str, data: Any) -> bytes:
    """One event. Its id is the time in ms: a client that comes back sends it, and gets the present state anyway."""
    number = int(time.time() * 1000)
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
