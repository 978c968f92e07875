"""gunicorn's worker: an event loop for connections, threads for requests that are whole."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus
from importlib import import_module
from typing import Any

from gunicorn.http.message import Request
from gunicorn.workers.base import Worker

from navidrome_lib.config import conf
from navidrome_lib.giving_way import sign_of
from navidrome_lib.web.connection import BUSY, MANY, UNFINISHED, Connection, State
from navidrome_lib.web.crowd import Crowd, Deadlines, crowd_of
from navidrome_lib.web.exchange import Exchange
from navidrome_lib.web.heads import CachedSettings
from navidrome_lib.web.limits import WebLimits
from navidrome_lib.web.storage_threads import StorageThreads
from navidrome_lib.web.threads import RequestThreads

# descriptors beside those of connections: files, databases, the broker
OTHER_DESCRIPTORS = 256
# of the loop, from a connection to the first look at what came with it
ROUNDS_TO_READ = 4


class EventedWorker(Worker):  # type: ignore[misc]
    """Holds every connection in one event loop, and runs requests that have arrived whole in `--threads` threads.

    A connection that waits, for the rest of a request or for a slow reader, costs a descriptor and some memory. See
    `docs/decisions/web-worker.md`.
    """

    limits = WebLimits()
    loop: asyncio.AbstractEventLoop

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Refuse what this worker cannot do."""
        if cfg.is_ssl:
            raise RuntimeError("TLS is for the proxy in front: this worker speaks plain HTTP.")
        # without our configuration headers of any local client are believed, and event streams hold up a stop
        if cfg.forwarder_headers or cfg.secure_scheme_headers:
            raise RuntimeError("Start gunicorn with --config python:navidrome_lib.web.gunicorn_conf.")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.cfg: Any = CachedSettings(self.cfg)
        # gunicorn takes our configuration of the logs for the wish to have a line for each request
        self.logs_access = bool(self.cfg.accesslog)
        self._connections: dict[Connection, None] = {}
        self._is_idle = False
        self._unfinished: Crowd[Connection] = Crowd(self.limits.unfinished_each)
        self._slow: Crowd[Connection] = Crowd(self.limits.slow_readers_each)
        self._progress: dict[Connection, tuple[int, float]] = {}
        # of bodies that have arrived, until their requests are answered
        self._read_bytes = 0
        self._waiting = {
            State.NEW: Deadlines[Connection](self.limits.first_byte_seconds),
            State.IDLE: Deadlines[Connection](self.cfg.keepalive),
            State.HEAD: Deadlines[Connection](self.limits.head_seconds),
            State.BODY: Deadlines[Connection](self.limits.body_seconds),
            State.LINGER: Deadlines[Connection](self.limits.linger_seconds),
        }
        self._patient = threading.BoundedSemaphore(max(1, self.cfg.threads // 4))
        self._trusted: tuple[str, ...] = ()

    def init_process(self) -> None:
        self.loop = self.new_loop()
        self._trusted = conf.current().trusted_proxies
        self._threads = RequestThreads(self.cfg.threads, "request")
        limits = self.limits
        self._sign = sign_of(conf.current().data_folder)
        self.storage = StorageThreads(self.loop, limits.storage_threads, limits.storage_threads_each)
        self._most = most_connections(self.cfg.worker_connections)
        super().init_process()

    def new_loop(self) -> asyncio.AbstractEventLoop:
        """The event loop: that of libuv where it is installed, which takes a third less CPU for a connection."""
        try:
            uvloop: Any = import_module("uvloop")
        except ImportError:
            return asyncio.new_event_loop()
        loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
        return loop

    def init_signals(self) -> None:
        super().init_signals()
        # wakes the loop for every signal, also for those that are handled elsewhere
        self.loop.add_signal_handler(signal.SIGTERM, self._stop)

    def _stop(self) -> None:
        self.alive = False
        self._wake.set()

    def run(self) -> None:
        """Serve until told to stop, then until the answers that have begun are sent."""
        try:
            self.loop.run_until_complete(self._serve())
        finally:
            self._threads.close()
            self.storage.close()
            self.loop.close()

    async def _serve(self) -> None:
        self._wake = asyncio.Event()
        servers = [
            await self.loop.create_server(lambda: Connection(self), sock=listener.sock, backlog=self.cfg.backlog)
            for listener in self.sockets
        ]
        while self.alive and self.ppid == os.getppid():
            self.notify()
            self._look_at_deadlines()
            await self._tick()
        self.alive = False
        for server in servers:
            server.close()
        await self._let_answers_end()

    async def _tick(self) -> None:
        """Wait for the next look at the deadlines: there is none without connections, the first of which wakes."""
        self._is_idle = not self._connections
        seconds = self.limits.idle_tick_seconds if self._is_idle else self.limits.tick_seconds
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)
        self._wake.clear()

    async def _let_answers_end(self) -> None:
        """Wait for requests that have begun, as long as `--graceful-timeout` says; who only waits is let go."""
        end = time.monotonic() + self.cfg.graceful_timeout
        for connection in list(self._connections):
            if connection.state in (State.NEW, State.IDLE):
                connection.transport.abort()
            elif connection.state is State.STREAM:
                connection.end()
        while self._connections and time.monotonic() < end:
            self.notify()
            self._look_at_deadlines()
            await asyncio.sleep(0.05)
        for connection in list(self._connections):
            connection.transport.abort()
        await asyncio.sleep(0)

    # ---- what connections tell

    def client_of(self, peer: object) -> str | None:
        """Whom the limits of one client count for; None for a proxy."""
        return crowd_of(peer, self._trusted)

    def opened(self, connection: Connection) -> None:
        """Make room for a connection: an idle client has to go when there are too many."""
        self._connections[connection] = None
        if self._is_idle:
            self._wake.set()
        if len(self._connections) > self._most:
            (self._least_needed() or connection).give_up(MANY)

    def closed(self, connection: Connection) -> None:
        self._connections.pop(connection, None)
        self._slow.discard(connection)
        self._progress.pop(connection, None)

    def turned(self, connection: Connection, before: State) -> None:
        """A connection waits for something else now than `before`."""
        ended, begun = self._waiting.get(before), self._waiting.get(connection.state)
        if ended is not None:
            ended.stop(connection)
        if begun is not None:
            begun.start(connection, time.monotonic())
        if connection.state not in UNFINISHED:
            self._unfinished.discard(connection)
            return
        if self._unfinished.add(connection, connection.client) is not None:
            # what has arrived is read before: a burst of whole requests, such as those of many tabs, is no crowd
            surplus = self._unfinished.surplus(connection.client)
            self.loop.call_later(self.limits.burst_seconds, self._thin_out, connection.client, surplus)

    def _thin_out(self, client: str | None, surplus: list[Connection], rounds: int = ROUNDS_TO_READ) -> None:
        """End the requests in `surplus` that are unfinished still, and of a client that still has too many."""
        if rounds > 0:  # a loop that was held up has not come to read what is there
            self.loop.call_soon(self._thin_out, client, surplus, rounds - 1)
            return
        for connection in set(self._unfinished.surplus(client)).intersection(surplus):
            connection.give_up(MANY)

    def watch_output(self, connection: Connection) -> None:
        """Look after a client that has not taken everything at once."""
        size = connection.unsent()
        if size == 0 or connection in self._slow or connection.state is State.CLOSED:
            return
        self._progress[connection] = size, time.monotonic()
        too_many = self._slow.add(connection, connection.client)
        if too_many is not None:
            too_many.transport.abort()

    # ---- requests

    def answer(self, connection: Connection, request: Any, size: int) -> None:
        """Run the application for a request with a body of that size, in a thread; refuse it when too much waits."""
        if size and self._read_bytes + size > self.limits.read_bytes_of_all:
            connection.refuse(HTTPStatus.SERVICE_UNAVAILABLE, BUSY)
            return
        self._sign.set_at_work()
        if self._begin(connection, partial(self._run, Exchange(self, connection, request), size)):
            # the thread takes it back by way of the loop, so not before
            self._read_bytes += size

    def _run(self, exchange: Exchange, size: int) -> None:
        try:
            exchange.run()
        finally:
            if size:
                with contextlib.suppress(RuntimeError):  # a loop that is closed: the server stops
                    self.loop.call_soon_threadsafe(self._let_go, size)

    def _let_go(self, size: int) -> None:
        self._read_bytes -= size

    def answer_mistake(self, connection: Connection, error: Exception) -> None:
        """Answer what is no request."""
        request = getattr(error, "req", None)
        # for the access log; some mistakes carry the line that makes no sense instead
        exchange = Exchange(self, connection, request if isinstance(request, Request) else None)
        self._begin(connection, partial(exchange.fail, error))

    def _begin(self, connection: Connection, step: Callable[[], None]) -> bool:
        """Run the first step of an answer in a thread; where there is none, the request is refused."""
        try:
            self._threads.submit(step)
        except RuntimeError:
            connection.refuse(HTTPStatus.SERVICE_UNAVAILABLE, BUSY)
            return False
        return True

    def run_in_thread(self, step: Callable[[], None]) -> None:
        """Run a step of an answer that has begun, such as its next part or the line of its end."""
        with contextlib.suppress(RuntimeError):  # threads that have ended: the server stops
            self._threads.submit(step)

    def piece_bytes(self) -> int:
        """What is read at once of a body that is drawn piece by piece: fewer bytes, the more readers are slow."""
        fair = self.limits.unsent_bytes_of_all // 4 // (len(self._slow) + 1)
        return max(self.limits.least_piece_bytes, min(self.limits.piece_bytes, fair))

    def counted(self) -> bool:
        """Count a request; False when the connection shall not be kept behind it."""
        self.nr += 1
        if self.nr >= self.max_requests and self.alive:
            self.log.info("Autorestarting worker after current request.")
            self.alive = False
        return self.alive and self.cfg.keepalive > 0

    @contextlib.contextmanager
    def patience(self) -> Iterator[None]:
        """The right of a thread to wait for a slow reader: most threads stay for others."""
        if not self._patient.acquire(blocking=False):
            raise ConnectionAbortedError("too many threads wait for slow readers")
        try:
            yield
        finally:
            self._patient.release()

    # ---- deadlines

    def _look_at_deadlines(self) -> None:
        now = time.monotonic()
        for deadlines in self._waiting.values():
            for connection in deadlines.take_expired(now):
                connection.give_up()
        self._bound_memory(now)

    def _bound_memory(self, now: float) -> None:
        """Drop readers that stand still, and the oldest of those that hold the most in memory when that is too much."""
        unread = sum(connection.held() for connection in self._unfinished)
        for connection in self._unfinished:
            if unread <= self.limits.unread_bytes_of_all:
                break
            unread -= connection.held()
            connection.give_up(MANY)
        unsent = 0
        for connection in self._slow:
            size = connection.unsent()
            before, since = self._progress[connection]
            unsent += size
            if size == 0:
                self._slow.discard(connection)
                del self._progress[connection]
            elif size != before:
                self._progress[connection] = size, now
            elif now - since > connection.stall_seconds:
                connection.transport.abort()
        for connection in self._slow:
            if unsent <= self.limits.unsent_bytes_of_all:
                break
            unsent -= connection.unsent()
            connection.transport.abort()

    def _least_needed(self) -> Connection | None:
        """The connection that has waited the longest: idle, else with an unfinished request, else slow to read."""
        return self._waiting[State.IDLE].oldest() or self._unfinished.oldest() or self._slow.oldest()


def most_connections(wanted: int) -> int:
    """The connections that this process may have, with its limit of descriptors raised as far as it can be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + OTHER_DESCRIPTORS
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else max(16, min(wanted, soft - OTHER_DESCRIPTORS))
