"""Clients that hold a server up, in a process of their own: `python -m tests.support.slow_clients PORT MODE NUMBER`.

`head` and `body` begin requests and send a byte of them now and then; `read` takes a byte of an answer now and then.
Each comes from an address of its own (127.0.1.1, …), so that no limit for one address helps, or with `--alike` all from
the same. A client that is cut off comes again. A line on stdout says that all have begun; they end with stdin.
"""

from __future__ import annotations

import argparse
import contextlib
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from navidrome_lib.runner.services import REPOSITORY

PAUSE = 0.5
HOST = b" HTTP/1.1\r\nHost: localhost\r\n"
BUNDLE = b"/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"
BEGINNINGS = {
    "head": b"GET /api/keepalive/" + HOST + b"X-Slow: ",
    "body": b"POST /auth/login" + HOST + b"Content-Type: application/json\r\nContent-Length: 900\r\n\r\n{",
    "read": b"GET " + BUNDLE + HOST + b"\r\n",
}


def connect(port: int, mode: str, number: int, *, alike: bool) -> socket.socket:
    client = socket.socket()
    if mode == "read":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    if not alike:
        client.bind((f"127.0.{1 + number // 250}.{1 + number % 250}", 0))
    client.settimeout(10)
    client.connect(("127.0.0.1", port))
    client.sendall(BEGINNINGS[mode])
    client.setblocking(False)
    return client


def go_on(client: socket.socket, mode: str) -> bool:
    """Another byte; False when the server has cut this client off."""
    try:
        if mode == "read":
            return client.recv(1) != b""
        client.send(b"x")
        with contextlib.suppress(BlockingIOError):
            client.recv(1)
            return False  # an answer to half a request: the server has given up
    except BlockingIOError:
        return True
    except OSError:
        return False
    return True


def hold_up(port: int, mode: str, number: int, *, alike: bool) -> None:
    clients = [connect(port, mode, each, alike=alike) for each in range(number)]
    if mode == "read":
        # what so many requests cost the server at once is another matter
        for client in clients:
            client.settimeout(30)
            client.recv(1)
            client.setblocking(False)
    print("all have begun", flush=True)
    cut = 0
    end = selectors.DefaultSelector()
    end.register(sys.stdin, selectors.EVENT_READ)
    while True:
        begun = time.monotonic()
        for each, client in enumerate(clients):
            if not go_on(client, mode):
                client.close()
                cut += 1
                with contextlib.suppress(OSError):
                    clients[each] = connect(port, mode, each, alike=alike)
            # spread over the pause, as strangers are
            if end.select(max(0.0, begun + PAUSE * each / number - time.monotonic())):
                print(cut, flush=True)
                return


class Crowd:
    """Slow clients that run; `cut` is how often the server ended one, known when they have been stopped."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.cut = 0


@contextmanager
def slow_clients(port: int, mode: str, number: int, *, alike: bool = False) -> Iterator[Crowd]:
    """Slow clients for as long as the context lasts."""
    arguments = [str(port), mode, str(number), *(["--alike"] if alike else [])]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.slow_clients", *arguments],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "all have begun\n"
        crowd = Crowd(process)
        yield crowd
        process.stdin.close()
        crowd.cut = int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("mode", choices=list(BEGINNINGS))
    parser.add_argument("number", type=int)
    parser.add_argument("--alike", action="store_true")
    given = parser.parse_args()
    hold_up(given.port, given.mode, given.number, alike=given.alike)


if __name__ == "__main__":
    main()
