"""The web server of a test: gunicorn with our configuration, on a port of this machine."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from navidrome_lib.runner.broker import free_port
from navidrome_lib.runner.services import REPOSITORY
from tests.support.waiting import eventually


class Web:
    """A server that runs; its output is in `log`."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log

    def connect(self, request: bytes = b"", *, room: int | None = None) -> socket.socket:
        """A connection on which `request` was sent; it has `room` bytes for answers."""
        client = socket.socket()
        if room is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        client.settimeout(30)
        client.connect(("127.0.0.1", self.port))
        client.sendall(request)
        return client

    def ask(self, path: str, *, body: bytes | None = None) -> bytes:
        """The whole answer to a request on a connection of its own."""
        method = "GET" if body is None else "POST"
        length = b"" if body is None else f"Content-Length: {len(body)}\r\n".encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n".encode() + length
        with self.connect(head + b"\r\n" + (body or b"")) as client:
            return read_all(client)

    def worker(self) -> int:
        """The process that answers."""
        return int(subprocess.check_output(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], text=True))

    def answers(self) -> bool:
        with contextlib.suppress(OSError):
            return b" 200 OK" in self.ask("/api/keepalive/")
        return False


def read_all(client: socket.socket) -> bytes:
    """What comes until the other side closes."""
    return b"".join(iter(lambda: client.recv(1024 * 1024), b""))


@contextmanager
def web_server(folder: Path, application: str, worker: str, *options: str, environ: dict[str, str]) -> Iterator[Web]:
    """A web server with one process, killed at the end."""
    port, log = free_port(), folder / "web.log"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ND_")}
    arguments = [application, f"--worker-class={worker}", f"--bind=127.0.0.1:{port}", "--workers=1", *options]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *arguments, "--no-control-socket"],
            cwd=REPOSITORY,
            env={**kept, "PYTHONPATH": str(REPOSITORY), **environ},
            stdout=output,
            stderr=output,
        )
    web = Web(process, port, log)
    try:
        assert eventually(lambda: web.answers() or process.poll() is not None), log.read_text()
        assert process.poll() is None, log.read_text()
        yield web
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()
