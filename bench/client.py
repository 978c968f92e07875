"""Clients of a running server: `python -m bench.client PORT PASSWORD STOP SECONDS`, 0 seconds until STOP exists."""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from bench.serving import CLIENTS, START_SECONDS

SUBSONIC = "v=1.16.1&c=bench&f=json"
PATHS = (
    "/api/library",
    "/api/library/1",
    "/api/user",
    "/api/scan?_start=0&_end=20",
    "/api/missing?_start=0&_end=50",
    f"/rest/getScanStatus?{SUBSONIC}",
    f"/rest/getMusicFolders?{SUBSONIC}",
)


@dataclass
class Client:
    """One connection, and what came over it: milliseconds per answer."""

    port: int
    token: str
    key: str
    times: list[float] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)

    def run(self, ended: threading.Event) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        number = 0
        while not ended.is_set():
            path = PATHS[number % len(PATHS)]
            number += 1
            headers = {"Authorization": f"Bearer {self.token}"} if path.startswith("/api") else {}
            target = path if headers else f"{path}&apiKey={self.key}"
            began = time.perf_counter()
            connection.request("GET", target, headers=headers)
            answer = connection.getresponse()
            text = answer.read()
            self.times.append((time.perf_counter() - began) * 1000)
            if answer.status != 200 or (path.startswith("/rest") and b'"status":"ok"' not in text.replace(b" ", b"")):
                self.bad.append(f"{path}: {answer.status} {text[:200]!r}")


def call(port: int, method: str, path: str, body: object = None, token: str = "") -> dict[str, str]:
    """One answer on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    connection.request(method, path, body=json.dumps(body), headers=headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= 300:
        sys.exit(f"{method} {path}: {answer.status} {text!r}")
    told: dict[str, str] = json.loads(text)
    return told


def wait_for(port: int) -> None:
    """Until the server answers."""
    limit = time.monotonic() + START_SECONDS
    while True:
        try:
            call(port, "GET", "/api/keepalive/")
        except OSError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.05)
        else:
            return


def main() -> None:
    port, password, stop, seconds = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), float(sys.argv[4])
    wait_for(port)
    token = call(port, "POST", "/auth/login", {"username": "bench", "password": password})["token"]
    key = call(port, "POST", "/api/apikey", {"name": f"bench {time.time_ns()}"}, token)["key"]
    clients = [Client(port, token, key) for _ in range(CLIENTS)]
    ended = threading.Event()
    threads = [threading.Thread(target=client.run, args=(ended,)) for client in clients]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    while not stop.exists() and not (seconds and time.monotonic() - began > seconds):
        time.sleep(0.02)
    took = time.monotonic() - began
    ended.set()
    for thread in threads:
        thread.join()
    times = [each for client in clients for each in client.times]
    bad = [each for client in clients for each in client.bad]
    for line in bad[:5]:
        print(line, file=sys.stderr)
    told = {"rate": len(times) / took, "middle": median(times), "p99": quantiles(times, n=100)[98], "bad": len(bad)}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
