"""One request and its answer, in a thread: the application runs, and what it says goes to the loop."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from gunicorn.http import wsgi

from navidrome_lib.web.channel import LoopChannel
from navidrome_lib.web.connection import Connection
from navidrome_lib.web.heads import Answer
from navidrome_lib.web.limits import WebLimits
from navidrome_lib.web.sending import Host, Sender

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from navidrome_lib.api.streams import Source

# what is collected before it is sent, and what is read of a file at once
BLOCK = 64 * 1024


class Runner(Host, Protocol):
    """What an exchange needs of the worker."""

    limits: WebLimits
    logs_access: bool
    # gunicorn's configuration, the application, and the answer to what is no request
    cfg: Any
    wsgi: Any
    handle_error: Any

    def counted(self) -> bool: ...
    def patience(self) -> AbstractContextManager[None]: ...
    def run_in_thread(self, step: Callable[[], None], /) -> None: ...


class Outbox:
    """Stands where gunicorn's response expects a socket: collects what is to be sent."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def sendall(self, data: bytes) -> None:
        self._parts.append(data)
        self.size += len(data)

    def send(self, data: bytes) -> int:
        """Drop `100 Continue`, the only thing that is sent so: the loop has sent it when it was still of use."""
        return len(data)

    def gettimeout(self) -> float:
        return 0.0

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        self.size = 0
        return data


class Exchange:
    """Runs the application for one request. `run` and `go_on` end soon, however slowly the client reads.

    A body that is drawn from a source needs no thread of ours any more when the application has begun it. An answer
    that may be continued by any thread (a file) is parked while the client is slow. Another one, whose generator may
    hold things of its thread, waits in it; the worker bounds how many do so.
    """

    def __init__(self, worker: Runner, connection: Connection, request: Any) -> None:
        self._worker = worker
        self._connection = connection
        self._request = request
        self._outbox = Outbox()
        self._environ: dict[str, Any] = {}
        self._response: Any = None
        self._body: Any = ()
        self._items: Iterator[bytes] = iter(())
        self._parkable = False
        self._live = False
        self._begun = datetime.now()

    def run(self) -> None:
        """Run the application and send its answer."""
        self._guarded(self._start)

    def go_on(self) -> None:
        """Send more of a parked answer."""
        self._guarded(self._send_items)

    def fail(self, error: Exception) -> None:
        """Answer a request that could not be read."""
        client = self._connection.peer
        address = client if isinstance(client, tuple) else (client or "", -1)
        try:
            self._worker.handle_error(self._request, self._outbox, address, error)
        finally:
            self._finish(keep=False)

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except ConnectionError:
            self._call(self._connection.transport.abort)
            self._close()
        except (Exception, SystemExit) as error:
            if self._response is not None and self._response.headers_sent:
                # the client sees by the cut that the answer is not whole
                self._worker.log.exception("Error handling request %s %s", self._request.method, self._request.path)
                self._call(self._connection.transport.abort)
            else:
                self._outbox.take()
                self.fail(error if isinstance(error, Exception) else RuntimeError(str(error)))
            self._close()

    def _start(self) -> None:
        worker, connection = self._worker, self._connection
        worker.cfg.pre_request(worker, self._request)
        self._response, self._environ = wsgi.create(
            self._request, self._outbox, connection.peer or "", connection.own_address, worker.cfg, Answer
        )
        self._environ["wsgi.multithread"] = True
        if connection.close_after or not worker.counted():
            self._response.force_close()
        self._body = worker.wsgi(self._environ, self._response.start_response)
        take_over = getattr(self._body, "take_over", None)
        if take_over is not None:
            self._hand_over(take_over)
            return
        if self._request.method == "HEAD" and self._response.status is not None:
            self._send_items()
            return
        take_source = getattr(self._body, "take_source", None)
        if take_source is not None:
            self._draw(take_source())
            return
        self._parkable = isinstance(self._body, wsgi.FileWrapper)
        self._items = iter(self._body) if not self._parkable else blocks(self._body.filelike)
        self._live = any(
            name.lower() == "x-accel-buffering" and value == "no" for name, value in self._response.headers
        )
        self._send_items()

    def _send_items(self) -> None:
        response = self._response
        for item in self._items:
            response.write(item)
            whole = response.response_length is not None and response.sent >= response.response_length
            if whole or (self._outbox.size < BLOCK and not self._live):
                continue
            if not self._flush():
                continue
            if self._parkable:
                self._call(self._connection.park, self.go_on)
                return
            self._wait_for_room()
        response.close()
        self._finish(keep=not response.should_close())
        self._close()

    def _hand_over(self, take_over: Callable[[LoopChannel], None]) -> None:
        """The head is sent from here; the rest comes through a channel, and needs no thread."""
        self._response.force_close()
        self._response.send_headers()
        self._flush()
        channel = LoopChannel(self._worker.loop, self._connection, chunked=self._response.chunked)
        self._ask(channel.open)
        take_over(channel)
        self._close()

    def _draw(self, source: Source) -> None:
        """The head is made here; the loop sends it, and the body as it is drawn from its source."""
        response = self._response
        response.send_headers()
        sender = Sender(
            self._worker,
            self._connection,
            source,
            length=response.response_length,
            chunked=response.chunked,
            keep=not response.should_close(),
            ended=self._drawn,
        )
        self._end_request()
        self._call(sender.start, self._outbox.take())

    def _drawn(self, sent: int) -> None:
        """The body has ended; told in the loop."""
        self._response.sent = sent
        self._worker.run_in_thread(self.log_end)

    def log_end(self) -> None:
        """Write the line of the access log; once."""
        response, self._response = self._response, None
        if response is not None:
            self._log(response)

    def _flush(self) -> bool:
        """Send what was collected; True when the client does not take it."""
        return bool(self._ask(self._connection.send, self._outbox.take()))

    def _wait_for_room(self) -> None:
        with self._worker.patience():
            room = threading.Event()

            def told() -> None:
                self._connection.on_room = room.set
                if not self._connection.congested or self._connection.transport.is_closing():
                    room.set()

            self._call(told)
            if not room.wait(self._worker.limits.stall_seconds + self._worker.limits.tick_seconds):
                self._call(self._connection.transport.abort)
                raise ConnectionResetError("the client takes nothing")

    def _finish(self, *, keep: bool) -> None:
        data, connection = self._outbox.take(), self._connection
        with contextlib.suppress(RuntimeError):
            self._worker.loop.call_soon_threadsafe(lambda: connection.finish(data, keep=keep))

    def _close(self) -> None:
        """The end of the request for the application and the log; once."""
        self._end_request()
        self.log_end()

    def _end_request(self) -> None:
        """The end of the request for the application, in the thread that ran it."""
        body, self._body = self._body, ()
        self._items = iter(())
        try:
            close = getattr(body, "close", None)
            if close is not None:
                close()
        except Exception:
            self._worker.log.exception("Error at the end of a request")

    def _log(self, response: Any) -> None:
        if response.status is not None and self._worker.logs_access:
            self._worker.log.access(response, self._request, self._environ, datetime.now() - self._begun)
        try:
            self._worker.cfg.post_request(self._worker, self._request, self._environ, response)
        except Exception:
            self._worker.log.exception("Exception in post_request hook")

    def _call(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Have the loop call `function`; a loop that has ended needs nothing any more."""
        with contextlib.suppress(RuntimeError):
            self._worker.loop.call_soon_threadsafe(function, *arguments)

    def _ask(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What `function` returns or raises in the loop."""
        answer: Future[Any] = Future()

        def call() -> None:
            try:
                answer.set_result(function(*arguments))
            except Exception as error:
                answer.set_exception(error)

        try:
            self._worker.loop.call_soon_threadsafe(call)
        except RuntimeError:
            raise ConnectionResetError("the server has stopped") from sys.exc_info()[1]
        return answer.result(self._worker.limits.stall_seconds)


def blocks(file: Any) -> Iterator[bytes]:
    """What is in the file from here on."""
    return iter(lambda: bytes(file.read(BLOCK)), b"")
