"""Clients that hold connections: `python -m bench.crowd_clients PORT KEY STREAMS READERS`.

Some listen to the events of the server, others take a byte of a large file now and then, each from an address of its
own. A line on stdout says that all have begun; they end with stdin, and say how many the server has cut off.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time

PAUSE_SECONDS = 0.5
LARGE = "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"
# of a reader, so that most of the file waits on the server's side
ROOM = 4096


def connect(port: int, number: int, path: str, key: str, room: int | None = None) -> socket.socket:
    """A connection that has asked for `path` and got the first bytes of the answer."""
    client = socket.socket()
    if room is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    client.bind((f"127.0.{1 + number // 250}.{1 + number % 250}", 0))
    client.settimeout(30)
    client.connect(("127.0.0.1", port))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
    client.recv(64)
    client.setblocking(False)
    return client


def is_open(client: socket.socket, size: int) -> bool:
    """Take some bytes, if there are any; False when the server has cut this client off."""
    try:
        return client.recv(size) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def main() -> None:
    port, key, streams, readers = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    clients = {connect(port, number, "/api/events", key): 65536 for number in range(streams)}
    clients |= {connect(port, streams + number, LARGE, key, ROOM): 1 for number in range(readers)}
    print("all have begun", flush=True)
    end = selectors.DefaultSelector()
    end.register(sys.stdin, selectors.EVENT_READ)
    cut = 0
    while not end.select(0):
        begun = time.monotonic()
        for number, (client, size) in enumerate(list(clients.items())):
            if not is_open(client, size):
                del clients[client]
                cut += 1
            # spread over the pause, as strangers are
            time.sleep(max(0.0, begun + PAUSE_SECONDS * number / (streams + readers) - time.monotonic()))
        time.sleep(max(0.0, begun + PAUSE_SECONDS - time.monotonic()))
    print(json.dumps({"cut": cut}), flush=True)


if __name__ == "__main__":
    main()
