"""A WSGI application for tests of the web server's worker, and a worker that loses patience soon."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from navidrome_lib.api.streams import Channel
from navidrome_lib.web.limits import WebLimits
from navidrome_lib.web.worker import EventedWorker

LARGE = 8 * 1024 * 1024
PIECE = b"0123456789abcdef" * 64
# where bodies are read: the second may get longer ones
COUNTED = ("/count", "/music/api/radio/x/image")
# streams that are open, and how many have ended
channels: list[Channel] = []
ended: list[Channel] = []
# where requests came from that left before they were answered
lost: list[str] = []
# bodies that were drawn and given back, and what lets the hung storage answer
closed_sources: list[Any] = []
released = threading.Event()


class HastyWorker(EventedWorker):
    """Gives clients a fraction of a second."""

    limits = WebLimits(
        first_byte_seconds=0.8,
        head_seconds=0.8,
        body_seconds=0.8,
        stall_seconds=1.5,
        linger_seconds=0.5,
        unfinished_each=12,
        slow_readers_each=24,
        unread_bytes_of_all=2 * 1024 * 1024,
        read_bytes_of_all=2 * 1024 * 1024,
        tick_seconds=0.05,
    )


class HastyPlainWorker(HastyWorker):
    """The same where libuv is not installed."""

    def new_loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.new_event_loop()


class Live:
    """A body that takes its connection over."""

    def take_over(self, channel: Channel) -> None:
        channels.append(channel)
        channel.on_close(lambda: ended.append(channel))
        channel.send(b"data: hello\n\n")

    def __iter__(self) -> Iterator[bytes]:
        raise AssertionError("the worker does not know how to take over")


class Drawn:
    """A body that the worker draws: of bytes, of fewer than promised, of bytes that come later, of hung storage."""

    def __init__(self, storage: str, size: int) -> None:
        self.storage = storage
        self._left = size
        self._is_late = storage == "late"
        self._is_closed = False

    def read(self, size: int) -> bytes | None:
        assert not self._is_closed
        if self.storage == "hung":
            released.wait(60)
        if self._is_late:
            return None
        piece = (PIECE * (size // len(PIECE) + 1))[: min(size, self._left)]
        self._left -= len(piece)
        if not piece and self.storage == "broken":
            raise OSError("the disk is gone")
        return piece

    def when_ready(self, callback: Callable[[], None]) -> None:
        self._is_late = False
        threading.Timer(0.2, callback).start()

    def close(self) -> None:
        assert not self._is_closed
        self._is_closed = True
        closed_sources.append(self)


class DrawnBody:
    """The answer of an application whose body is drawn."""

    def __init__(self, storage: str, size: int) -> None:
        self._source: Drawn | None = Drawn(storage, size)

    def take_source(self) -> Drawn:
        source, self._source = self._source, None
        assert source is not None
        return source

    def close(self) -> None:
        if self._source is not None:
            self._source.close()

    def __iter__(self) -> Iterator[bytes]:
        raise AssertionError("the worker does not know how to draw")


def pieces() -> Iterator[bytes]:
    """A stream that belongs to the thread that began it, as one with a cursor of the database does."""
    own = threading.get_ident()
    for _ in range(LARGE // len(PIECE)):
        assert threading.get_ident() == own
        yield PIECE


def broken() -> Iterator[bytes]:
    yield PIECE * 100
    raise RuntimeError("in the middle")


def of_file(environ: dict[str, Any]) -> Iterable[bytes]:
    body: Iterable[bytes] = environ["wsgi.file_wrapper"](io.BytesIO(PIECE * (LARGE // len(PIECE))))
    return body


def slow(environ: dict[str, Any]) -> Iterable[bytes]:
    time.sleep(0.5)
    return DrawnBody("disk", LARGE)


def failing(environ: dict[str, Any]) -> Iterable[bytes]:
    raise RuntimeError("before the head")


BODIES: dict[str, tuple[list[tuple[str, str]], Callable[[dict[str, Any]], Iterable[bytes]]]] = {
    "/live": ([("Content-Type", "text/event-stream")], lambda environ: Live()),
    "/pieces": ([], lambda environ: pieces()),
    "/file": ([("Content-Length", str(LARGE))], of_file),
    "/large": ([("Content-Length", str(LARGE))], lambda environ: [PIECE * (LARGE // len(PIECE))]),
    "/drawn": ([("Content-Length", str(LARGE))], lambda environ: DrawnBody("disk", LARGE)),
    "/drawn-chunked": ([], lambda environ: DrawnBody("disk", LARGE)),
    "/drawn-late": ([], lambda environ: DrawnBody("late", LARGE)),
    "/drawn-slow": ([("Content-Length", str(LARGE))], slow),
    "/drawn-short": ([("Content-Length", str(LARGE))], lambda environ: DrawnBody("disk", LARGE // 2)),
    "/drawn-broken": ([], lambda environ: DrawnBody("broken", LARGE // 2)),
    "/hung": ([("Content-Length", str(LARGE))], lambda environ: DrawnBody("hung", LARGE)),
    "/broken": ([], lambda environ: broken()),
    "/raise": ([], failing),
}


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answers by the path: with a body of that kind, or with what is known of the streams and the request."""
    path = environ["PATH_INFO"]
    if path in BODIES:
        headers, body = BODIES[path]
        found = body(environ)
        start_response("200 OK", headers)
        return found
    if path == "/sleep":
        time.sleep(1.5)
    if path == "/lost":
        lost.append(environ["REMOTE_ADDR"])
    if path == "/release":
        released.set()
    for channel in channels:
        if path == "/tell":
            channel.send(b"data: news\n\n")
        elif path == "/end":
            channel.close()
    received = len(environ["wsgi.input"].read()) if path in COUNTED else 0
    streams = f"{len(channels)} {len(ended)}"
    if path == "/lost-from":
        path = "/".join(["lost", *sorted(set(lost))])
    text = f"{path} {received} {streams} {len(closed_sources)} {environ['REMOTE_ADDR']}".encode()
    start_response("200 OK", [("Content-Length", str(len(text)))])
    return [text]
