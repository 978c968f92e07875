"""`python -m bench.media`: the first byte of a stream, covers, and listeners while a scan runs, on a server of its own.

The figures are of this machine as busy as it is: compare those of one run with each other.
"""

from __future__ import annotations

import argparse
import http.client
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

from bench.client import call, wait_for
from bench.databases import POSTGRESQL, SQLITE, databases
from bench.processes import REPOSITORY
from bench.serving import PASSWORD, web_server
from synth import Track, make_cover, track_bytes

ALBUMS, SONGS_EACH = 60, 5
# 320 kbit/s, drawn twice a second; a player that has nothing for two seconds stalls
PIECE, PIECE_SECONDS, STALL_SECONDS = 20_000, 0.5, 2.0
LONG_SONG = 64 * 1024 * 1024
RECEIVE_BUFFER = 128 * 1024
FIRST_COVER, STREAMED = 300, 64 * 1024


class Figure(NamedTuple):
    """What was measured, over how many requests, in milliseconds."""

    what: str
    requests: int
    middle: float
    p99: float


def main(arguments: Sequence[str]) -> int:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(prog="bench.media", description=__doc__)
    parser.add_argument("--database", choices=[SQLITE, POSTGRESQL], default=SQLITE)
    parser.add_argument("--listeners", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long they listen (20)")
    options = parser.parse_args([part for part in arguments if part != "--"])
    with tempfile.TemporaryDirectory(prefix="nd-bench-media-") as folder:
        root = make_music(Path(folder) / "music")
        with databases([options.database]) as fresh:
            env = fresh[options.database](root)
            figures, heard = measure(env, options.listeners, options.seconds)
    print("| request | count | median | p99 |\n|---|--:|--:|--:|")
    for each in figures:
        print(f"| {each.what} | {each.requests} | {each.middle:.1f} ms | {each.p99:.1f} ms |")
    print(f"\n{heard}")
    return 0


def make_music(root: Path) -> Path:
    """A library of some albums with pictures in their files, and one long song."""
    for album in range(ALBUMS):
        folder = root / f"Artist {album // 4}" / f"Album {album:03}"
        folder.mkdir(parents=True)
        cover = make_cover(600, (album * 4 % 256, album * 7 % 256, album * 11 % 256), grain=2)
        for number in range(1, SONGS_EACH + 1):
            track = Track(
                title=f"Song {number}", album=f"Album {album:03}", artists=(f"Artist {album // 4}",),
                track_number=number, picture=cover,
            )  # fmt: skip
            (folder / f"{number:02}.mp3").write_bytes(track_bytes(track, "mp3"))
    long_song = root / "Long" / "long.mp3"
    long_song.parent.mkdir()
    long_song.write_bytes(
        track_bytes(Track(title="Long song", album="Long", artists=("Long",)), "mp3").ljust(LONG_SONG)
    )
    return root


def measure(env: Mapping[str, str], listeners: int, seconds: float) -> tuple[list[Figure], str]:
    """The figures of requests one after the other, and what became of the listeners."""
    env = {**env, "ND_AUTHREQUESTLIMIT": "0"}
    add = [sys.executable, "manage.py", "adduser", "bench", "--admin"]
    subprocess.run(
        add, env=env, cwd=REPOSITORY, input=PASSWORD + "\n", text=True, check=True, stdout=subprocess.DEVNULL
    )
    scan = [sys.executable, "-P", "-m", "bench.child", "scan-behind"]
    subprocess.run(scan, env=env, cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL)
    with web_server(env) as port:
        wait_for(port)
        token = call(port, "POST", "/auth/login", {"username": "bench", "password": PASSWORD})["token"]
        key = call(port, "POST", "/api/apikey", {"name": "bench"}, token)["key"]
        asker = Asker(port, token, f"apiKey={key}&v=1.16.1&c=bench")
        figures = asker.figures()
        heard = listen(port, asker.address("stream", asker.long_song()), listeners, seconds, scan, env)
    return figures, heard


class Asker:
    """Asks over one connection, one request after the other."""

    def __init__(self, port: int, token: str, credentials: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._token = token
        self._credentials = credentials

    def address(self, method: str, pk: str, more: str = "") -> str:
        return f"/rest/{method}?id={pk}&{self._credentials}{more}"

    def long_song(self) -> str:
        return str(self._list("song?title=Long&_end=1")[0]["id"])

    def figures(self) -> list[Figure]:
        """Each kind of request."""
        songs = [str(song["id"]) for song in self._list("song?_end=200")]
        albums = [str(album["id"]) for album in self._list("album?_end=100")]
        self._ask(self.address("getCoverArt", albums[-1], "&size=64"))  # the image process has started
        stream = {"Range": f"bytes=0-{STREAMED - 1}"}
        size = f"&size={FIRST_COVER}"
        found = [self._timed("first 64 KiB of a stream", [self.address("stream", pk) for pk in songs], stream)]
        found.append(self._timed("first cover of 300 px", [self.address("getCoverArt", pk, size) for pk in albums]))
        known = [
            f"al-{album['id']}_{album['imageHash']}" for album in self._list("album?_end=100") if "imageHash" in album
        ]
        covers = [self.address("getCoverArt", pk, size) for pk in known]
        found.append(self._timed("cached cover of 300 px", covers * 4))
        found.append(self._timed("GET /api/keepalive/, for comparison", ["/api/keepalive/"] * 200))
        return found

    def _timed(self, what: str, addresses: list[str], headers: Mapping[str, str] | None = None) -> Figure:
        times = []
        for address in addresses:
            began = time.perf_counter()
            self._ask(address, headers)
            times.append((time.perf_counter() - began) * 1000)
        return Figure(what, len(times), median(times), quantiles(times, n=100)[98])

    def _ask(self, address: str, headers: Mapping[str, str] | None = None) -> bytes:
        self._connection.request("GET", address, headers=dict(headers or {}))
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status not in (200, 206):
            sys.exit(f"{address.partition('?')[0]}: {answer.status} {body[:300]!r}")
        return body

    def _list(self, query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self._ask(f"/api/{query}", {"Authorization": f"Bearer {self._token}"}))
        return found


class Listener:
    """A player at 320 kbit/s: it takes what it plays, and no more."""

    def __init__(self, port: int, address: str, number: int) -> None:
        self.client = socket.socket()
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self.client.bind((f"127.0.{1 + number // 250}.{1 + number % 250}", 0))
        self.client.connect(("127.0.0.1", port))
        self.client.sendall(f"GET {address} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self.client.setblocking(False)
        self.owed = 0
        self.taken = 0
        self.since = 0.0
        self.longest = 0.0
        self.is_cut = False

    def play(self) -> None:
        """Take what is owed, as far as it is there."""
        while self.owed > 0 and not self.is_cut:
            try:
                data = self.client.recv(min(self.owed, 65536))
            except BlockingIOError:
                self.longest = max(self.longest, time.monotonic() - self.since)
                return
            except OSError:
                data = b""
            self.is_cut = not data
            self.owed -= len(data)
            self.taken += len(data)


def listen(port: int, address: str, count: int, seconds: float, scan: Sequence[str], env: Mapping[str, str]) -> str:
    """What some listeners heard while a library was scanned again and again, in one sentence."""
    listeners = [Listener(port, address, number) for number in range(count)]
    scans = 0
    running = subprocess.Popen(scan, env=dict(env), cwd=REPOSITORY, stdout=subprocess.DEVNULL)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        for listener in listeners:
            listener.since = began if listener.owed <= 0 else listener.since
            listener.owed += PIECE
        _until(began + PIECE_SECONDS, listeners)
        if running.poll() is not None:
            scans += 1
            running = subprocess.Popen(scan, env=dict(env), cwd=REPOSITORY, stdout=subprocess.DEVNULL)
    running.wait()
    stalled = sum(listener.longest > STALL_SECONDS for listener in listeners)
    cut = sum(listener.is_cut for listener in listeners)
    worst = max(listener.longest for listener in listeners)
    total = sum(listener.taken for listener in listeners) / seconds / 1_000_000
    for listener in listeners:
        listener.client.close()
    return (
        f"{count} listeners at 320 kbit/s for {seconds:g} s while {scans} scans ran: {stalled} stalled, {cut} were cut "
        f"off; {total:.1f} MB/s, the longest wait for a piece {worst * 1000:.0f} ms."
    )


def _until(end: float, listeners: Sequence[Listener]) -> None:
    while (left := end - time.monotonic()) > 0:
        waiting = [listener for listener in listeners if listener.owed > 0]
        for listener in waiting:
            listener.play()
        time.sleep(min(left, 0.02))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
