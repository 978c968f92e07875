"""A service that collects plays, on this machine: it answers, or fails in the ways in which services fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), strict_parsing=True))


Answer = Callable[["Handler", Asked], None]


@dataclass
class Service:
    """What was asked, and how the next requests are answered; when nothing more is planned, by `usual`."""

    usual: Answer
    asked: list[Asked] = field(default_factory=list)
    planned: list[Answer] = field(default_factory=list)
    url: str = ""
    closing: threading.Event = field(default_factory=threading.Event)


class Handler(BaseHTTPRequestHandler):
    service: Service

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, self.path, headers, body)
        self.service.asked.append(asked)
        (self.service.planned.pop(0) if self.service.planned else self.service.usual)(self, asked)

    def reply(self, status: int, data: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Write nothing."""


def says(status: int, body: object, **headers: str) -> Answer:
    """Answers with a status and an object."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda handler, asked: handler.reply(status, data, **headers)


def hangs(handler: Handler, asked: Asked) -> None:
    """Never answers."""
    handler.service.closing.wait(30)
    handler.close_connection = True


def breaks_off(handler: Handler, asked: Asked) -> None:
    """Takes what it is sent, and loses the connection before it has answered."""
    handler.close_connection = True
    handler.connection.close()


def trickles(handler: Handler, asked: Asked) -> None:
    """Sends its answer byte by byte, without an end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    try:
        while not handler.service.closing.wait(0.05):
            handler.wfile.write(b"X")
            handler.wfile.flush()
    except OSError:
        handler.close_connection = True


@contextmanager
def listening_service(usual: Answer) -> Iterator[Service]:
    """A running service."""
    service = Service(usual)
    handler = type("OfService", (Handler,), {"service": service})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.closing.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
