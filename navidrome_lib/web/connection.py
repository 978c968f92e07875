"""One connection in the event loop: it collects a request, hands it to a thread, and sends what the thread answers.

Everything here runs in the loop. No thread waits for a client: neither for the rest of a request nor for the room to
send more of an answer.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Protocol, cast

import orjson
from gunicorn.http.body import ChunkedReader

from navidrome_lib.security.uploads import longest_body
from navidrome_lib.web.heads import HeadParser
from navidrome_lib.web.limits import WebLimits

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
END_OF_HEAD = b"\r\n\r\n"
LATE = "The request did not arrive in time."
BUSY = "The server is busy. Try again in a few seconds."
MANY = "Too many requests of this address are unfinished."
LARGE_HEAD = "The head of the request is too large."


class State(enum.Enum):
    """What a connection waits for."""

    NEW = "the first byte of its first request"
    IDLE = "the first byte of another request"
    HEAD = "the rest of a head"
    BODY = "the rest of a body"
    BUSY = "the application"
    STREAM = "what is sent through its channel"
    LINGER = "the client, to take the last answer and to close"
    CLOSED = "nothing"


UNFINISHED = (State.NEW, State.HEAD, State.BODY)


class Owner(Protocol):
    """What a connection asks of the worker that holds it, and tells it."""

    limits: WebLimits
    alive: bool
    # gunicorn's configuration
    cfg: Any

    def client_of(self, peer: object, /) -> str | None: ...
    def opened(self, connection: Connection, /) -> None: ...
    def turned(self, connection: Connection, before: State, /) -> None: ...
    def watch_output(self, connection: Connection, /) -> None: ...
    def closed(self, connection: Connection, /) -> None: ...
    def answer(self, connection: Connection, request: Any, size: int, /) -> None: ...
    def answer_mistake(self, connection: Connection, error: Exception, /) -> None: ...
    def run_in_thread(self, step: Callable[[], None], /) -> None: ...


class Connection(asyncio.Protocol):
    """A client's connection; `worker` has the limits, the deadlines and the threads."""

    transport: asyncio.Transport

    def __init__(self, worker: Owner) -> None:
        self.worker = worker
        self.limits = worker.limits
        self.peer: Any = None
        self.own_address: Any = None
        # whom its limits count for; None without limits
        self.client: str | None = None
        self.state = State.CLOSED
        self.congested = False
        # how long it may take nothing of what waits for it
        self.stall_seconds = self.limits.stall_seconds
        # the rest of what arrives makes no request any more
        self.close_after = False
        # told when the connection has ended, and when there is room to send again
        self.on_end: Callable[[], None] | None = None
        self.on_room: Callable[[], None] | None = None
        self._input = bytearray()
        self._searched = 0
        self._request: Any = None
        self._parser: Any = None
        self._missing = 0
        self._no_more = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.peer = transport.get_extra_info("peername")
        if self.peer is None:
            # libuv asks for it now, and who has gone has none; an empty one is that of a socket in the file system
            self.transport.abort()
            return
        self.own_address = transport.get_extra_info("sockname")
        self.client = self.worker.client_of(self.peer)
        self._bound_unsent(self.limits.unsent_bytes)
        self._turn(State.NEW)
        self.worker.opened(self)

    def data_received(self, data: bytes) -> None:
        if self.state in (State.STREAM, State.LINGER, State.CLOSED):
            return
        self._input += data
        if self.state is not State.BUSY:
            self.advance()
        elif len(self._input) > self.limits.head_bytes:
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        """Keep the side to the client open while an answer is on its way; a half request will never be whole."""
        self._no_more = True
        if self.state is State.BUSY:
            return True
        return self.state is State.LINGER and self.unsent() > 0

    def connection_lost(self, error: Exception | None) -> None:
        self._turn(State.CLOSED)
        self._input.clear()
        self.worker.closed(self)
        # who waits for room looks again, and finds the end
        for callback in (self.on_end, self.on_room):
            if callback is not None:
                callback()
        self.on_end = self.on_room = None

    def pause_writing(self) -> None:
        self.congested = True

    def resume_writing(self) -> None:
        self.congested = False
        callback, self.on_room = self.on_room, None
        if callback is not None:
            callback()

    def advance(self) -> None:
        """Go on with what has arrived, as far as it leads."""
        if self.state in (State.NEW, State.IDLE):
            if self._input.startswith(b"\r\n"):  # some clients end a body with one
                del self._input[:2]
            if not self._input:
                return
            # a head that has come whole is not waited for
            if END_OF_HEAD not in self._input:
                self._turn(State.HEAD)
            self._look_for_head()
        elif self.state is State.HEAD:
            self._look_for_head()
        if self.state is State.BODY and len(self._input) >= self._missing:
            body = bytes(self._input[: self._missing])
            del self._input[: self._missing]
            self._parser.unreader.unread(body)
            self._hand_over()

    def _look_for_head(self) -> None:
        end = self._input.find(END_OF_HEAD, max(0, self._searched - 3))
        self._searched = len(self._input)
        if max(end, 0) > self.limits.head_bytes or (end < 0 and self._searched > self.limits.head_bytes):
            self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, LARGE_HEAD)
        elif end >= 0:
            head = bytes(self._input[: end + len(END_OF_HEAD)])
            del self._input[: end + len(END_OF_HEAD)]
            self._searched = 0
            self._read_head(head)

    def _read_head(self, head: bytes) -> None:
        """Read the head with gunicorn's parser; its mistakes are answered by a thread, as they are logged."""
        self._parser = HeadParser(self.worker.cfg, [head], self.peer or "")
        try:
            self._request = next(self._parser)
        except Exception as error:
            self.close_after = True
            self._turn(State.BUSY)
            self.worker.answer_mistake(self, error)
            return
        length = getattr(self._request.body.reader, "length", 0)
        # a longer body is never read
        if isinstance(self._request.body.reader, ChunkedReader) or length > longest_body(self._request.path or ""):
            # the application refuses it by the head alone
            self.close_after = True
            self._hand_over()
            return
        if not length:
            self._hand_over()
            return
        self._missing = length
        self._turn(State.BODY)
        if length > len(self._input) and ("EXPECT", "100-continue") in (
            (name, value.lower()) for name, value in self._request.headers
        ):
            self.transport.write(CONTINUE)

    def _hand_over(self) -> None:
        request, self._request, self._parser = self._request, None, None
        size, self._missing = self._missing, 0
        self._turn(State.BUSY)
        self.worker.answer(self, request, size)

    def send(self, data: bytes) -> bool:
        """Send a part of an answer; True when its source should wait for room. Raises when the client is gone."""
        if self.state is State.CLOSED or self.transport.is_closing():
            raise ConnectionResetError("the client is gone")
        self.transport.write(data)
        self.worker.watch_output(self)
        return self.congested

    def finish(self, data: bytes, *, keep: bool) -> None:
        """Send the last part of an answer; the connection is kept for another request, or closed behind it."""
        if self.state is State.CLOSED or self.transport.is_closing():
            return
        if data:
            self.send(data)
        if self.close_after or self._no_more or not keep or not self.worker.alive:
            self.end()
            return
        self.stall_seconds = self.limits.stall_seconds
        self._bound_unsent(self.limits.unsent_bytes)
        self._turn(State.IDLE)
        self.transport.resume_reading()
        self.advance()

    def draw(self, piece: int) -> None:
        """The answer is drawn in pieces of that size from now on, and its reader may pause."""
        self.stall_seconds = self.limits.pause_seconds
        self._bound_unsent(piece // 2)

    def _bound_unsent(self, size: int) -> None:
        """The source of an answer waits when more than that is unsent, until a quarter of it is."""
        if self.transport.is_closing():  # libuv refuses, and nothing is sent any more
            return
        self.transport.set_write_buffer_limits(high=size, low=size // 4)

    def stream(self) -> None:
        """The answer has begun, and its rest comes through a channel."""
        if self.state is State.BUSY:
            self._input.clear()
            self._turn(State.STREAM)
            self.transport.resume_reading()
            if self._no_more:  # the client has gone
                self.transport.close()

    def refuse(self, status: HTTPStatus, sentence: str) -> None:
        """Answer an unfinished request, and close."""
        body = orjson.dumps({"error": sentence})
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.end()

    def give_up(self, sentence: str = LATE) -> None:
        """End a connection that took too long: with an answer when a request has begun."""
        if self.state in (State.HEAD, State.BODY):
            self.refuse(HTTPStatus.REQUEST_TIMEOUT, sentence)
        elif self.state is State.LINGER and self.unsent() > 0:
            self._turn(State.LINGER)  # the stalled are dropped by their own deadline
        else:
            self.transport.abort()

    def end(self) -> None:
        """Send what waits, then close; what still arrives is read away, or the client would lose the answer by it."""
        self._input.clear()
        self.worker.watch_output(self)
        if not self.close_after and self.state is State.BUSY:
            self._turn(State.LINGER)
            self.transport.close()
            return
        self._turn(State.LINGER)
        self.transport.resume_reading()
        self.transport.write_eof()

    def held(self) -> int:
        """The bytes of a request that has not arrived whole."""
        return len(self._input)

    def unsent(self) -> int:
        """The bytes that the client has not taken from us yet."""
        return self.transport.get_write_buffer_size()

    def park(self, go_on: Callable[[], None]) -> None:
        """Call `go_on` in a thread as soon as there is room to send more of an answer."""
        if self.congested and self.state is State.BUSY:
            self.on_room = lambda: self.worker.run_in_thread(go_on)
        else:
            self.worker.run_in_thread(go_on)

    def _turn(self, state: State) -> None:
        before, self.state = self.state, state
        self.worker.turned(self, before)
