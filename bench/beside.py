"""`python -m bench.beside NAVIDROME`: lists beside those of a Navidrome over the same music, asked in turns.

One client, one request at a time, on a kept connection. What the processes of a server spend on a request is read from
the kernel; the time of an answer is there too, and says little while other programs work.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final
from urllib.parse import quote, urlencode

from bench.beside_calls import LISTS, Found, List
from bench.calls import manage
from bench.client import call, wait_for
from bench.corpus import Corpus, make_corpus
from bench.processes import REPOSITORY, Server, cpu_seconds, environment, run_module
from bench.report import remark
from navidrome_lib.runner.broker import free_port

RESULT: Final = REPOSITORY / "bench" / "results" / "beside.md"
ADMIN: Final = "admin"
PASSWORD: Final = "benchmark of Lists 1"  # noqa: S105 - of servers that live for a minute
# asked one after the other between two looks at the kernel's counters
BLOCK: Final = 5
# for what a server still does behind its answer
_SETTLE_SECONDS: Final = 0.02
INTRODUCTION: Final = f"""\
# Lists beside Navidrome's

Written by `python -m bench.beside NAVIDROME`, where NAVIDROME is a program that was built of its sources. Both servers
have scanned the same music and answer the same requests in turns, in blocks of {BLOCK}: one client, JSON that is not
compressed. *CPU*: what all processes of the server spent on a request, by the kernel's count; *time*: until the whole
answer was there. Medians, milliseconds; a ratio below 1 says that this server is the quicker one. *objects*: how many
an answer has.
"""


@dataclass
class Side:
    """A server that is asked, and what was measured of it: milliseconds of CPU and of waiting, by list."""

    name: str
    port: int
    pid: int
    token: str = ""
    signed: str = ""
    found: Found = field(default_factory=Found)
    cpu: dict[str, list[float]] = field(default_factory=dict)
    waited: dict[str, list[float]] = field(default_factory=dict)
    objects: dict[str, int] = field(default_factory=dict)

    def sign_in(self) -> None:
        """Get what requests are signed in with."""
        me: Any = call(self.port, "POST", "/auth/login", {"username": ADMIN, "password": PASSWORD})
        self.token = me["token"]
        proof = {"u": ADMIN, "t": me["subsonicToken"], "s": me["subsonicSalt"]}
        self.signed = urlencode({**proof, "v": "1.16.1", "c": "bench", "f": "json"})

    @property
    def headers(self) -> dict[str, str]:
        """What a request to `/api` is signed in with."""
        return {"X-ND-Authorization": f"Bearer {self.token}"}

    def rest(self, method: str, **query: Any) -> Any:
        """What a method of `/rest` answers."""
        address = f"{method}{'&' if '?' in method else '?'}{urlencode(query, doseq=True)}&{self.signed}"
        answer: Any = call(self.port, "GET", f"/rest/{address}")
        if answer["subsonic-response"]["status"] != "ok":
            raise RuntimeError(f"{self.name}, {method}: {answer}")
        return answer["subsonic-response"]

    def api(self, path: str) -> Any:
        """What `/api` answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        connection.request("GET", f"/api/{path}", headers=self.headers)
        return json.loads(connection.getresponse().read())

    def prepare(self) -> None:
        """Make favourites and a playlist, and note the ids that lists are asked for."""
        songs = self.api("song?_start=0&_end=100&_sort=title&_order=ASC")
        (album,) = self.api("album?_start=0&_end=1&_sort=songCount&_order=DESC")
        (artist,) = self.api("artist?_start=0&_end=1&_sort=albumCount&_order=DESC&role=albumartist")
        ids = [song["id"] for song in songs]
        known = [each["id"] for each in self.rest("getPlaylists")["playlists"].get("playlist", ())]
        if not known:
            self.rest("createPlaylist", name="bench", songId=ids)
            self.rest("star", id=ids[::2])
            known = [each["id"] for each in self.rest("getPlaylists")["playlists"]["playlist"]]
        genres = self.rest("getGenres")["genres"]["genre"]
        most = max(genres, key=lambda each: (each["songCount"], each["value"]))
        count = self.rest("getScanStatus")["scanStatus"]["count"]
        self.found = Found(album["id"], artist["id"], known[0], quote(most["value"]), count // 2)

    def ask(self, asked: List) -> None:
        """Ask a block of times, and note the milliseconds of CPU and of waiting."""
        target = asked.path.format(**self.found._asdict(), end=self.found.middle + 100)
        headers = self.headers
        if not target.startswith("/api"):
            target, headers = f"{target}{'&' if '?' in target else '?'}{self.signed}", {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        before, waited = cpu_seconds(self.pid), []
        for _ in range(BLOCK):
            began = time.perf_counter()
            connection.request("GET", target, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            waited.append((time.perf_counter() - began) * 1000)
            if answer.status != 200 or b'"failed"' in body[:200]:
                raise RuntimeError(f"{self.name}, {target}: {answer.status} {body[:300]!r}")
        connection.close()
        time.sleep(_SETTLE_SECONDS)
        spent = cpu_seconds(self.pid) - before
        self.cpu.setdefault(asked.path, []).append(spent / BLOCK * 1000)
        self.waited.setdefault(asked.path, []).extend(waited)
        self.objects[asked.path] = objects_in(json.loads(body))


def objects_in(answer: Any) -> int:
    """How many objects the longest lists of an answer have together, without what hangs on each of these."""
    if isinstance(answer, list):
        return len(answer)
    if not isinstance(answer, dict):
        return 0
    lists = [each for each in answer.values() if isinstance(each, list)]
    if any("artist" in each for found in lists for each in found if isinstance(each, dict)) and "index" in answer:
        return sum(len(each["artist"]) for each in answer["index"])
    return sum(map(len, lists)) or max(map(objects_in, answer.values()), default=0)


@contextlib.contextmanager
def ours(music: Path, folder: Path) -> Iterator[Side]:
    """This server, with a catalog of the music in a folder."""
    env = environment(
        ND_DATAFOLDER=str(folder), DJANGO_SETTINGS_MODULE="navidrome_lib.settings", ND_AUTHREQUESTLIMIT="0",
        ND_LOGLEVEL="error",
    )  # fmt: skip
    with kept(folder) as is_finished:
        make_catalog(music, env, is_finished=is_finished)
    with Server(env) as server:
        wait_for(server.port)
        side = Side("ours", server.port, server.pid)
        side.sign_in()
        yield side


def make_catalog(music: Path, env: Mapping[str, str], *, is_finished: bool) -> None:
    """Scan the music; a finished catalog, which may be an earlier version's, is only brought up to date."""
    manage(REPOSITORY, env, "migrate", "--verbosity=0")
    if not is_finished:
        manage(REPOSITORY, env, "adduser", ADMIN, "--admin", said=PASSWORD + "\n")
        manage(REPOSITORY, env, "ensure_library", str(music), "--name=Music")
        manage(REPOSITORY, env, "scan")
        run_module("bench.child", "gather", env=env)


@contextlib.contextmanager
def kept(folder: Path) -> Iterator[bool]:
    """Whether what a folder is kept for was finished before; what was begun and not finished is removed first."""
    finished = folder / "finished"
    was_finished = finished.exists()
    if not was_finished:
        shutil.rmtree(folder, ignore_errors=True)
    yield was_finished
    folder.mkdir(parents=True, exist_ok=True)
    finished.touch()


@contextlib.contextmanager
def peer(program: Path, music: Path, folder: Path) -> Iterator[Side]:
    """A Navidrome with the same music."""
    with kept(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _running(program, music, folder) as side:
            _signed_in(side)
            while (status := side.rest("getScanStatus")["scanStatus"])["scanning"] or not status["count"]:
                time.sleep(1)
    with _running(program, music, folder) as side:
        _signed_in(side)
        yield side


@contextlib.contextmanager
def _running(program: Path, music: Path, folder: Path) -> Iterator[Side]:
    port = free_port()
    env = environment(
        ND_PORT=str(port), ND_ADDRESS="127.0.0.1", ND_DATAFOLDER=str(folder), ND_MUSICFOLDER=str(music),
        ND_SCANNER_SCANONSTARTUP="false", ND_SCANNER_SCHEDULE="0", ND_SCANNER_WATCHERWAIT="0",
        ND_ENABLEINSIGHTSCOLLECTOR="false", ND_ENABLEEXTERNALSERVICES="false", ND_AUTHREQUESTLIMIT="0",
        ND_DEVAUTOCREATEADMINPASSWORD=PASSWORD, ND_LOGLEVEL="error",
    )  # fmt: skip
    process = subprocess.Popen(
        [str(program), "--nobanner"], env=env, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield Side("Navidrome", port, process.pid)
    finally:
        process.terminate()
        process.wait()


def _signed_in(side: Side) -> None:
    """It makes its account some time after it has begun to answer."""
    limit = time.monotonic() + 60
    while True:
        try:
            side.sign_in()
            return
        except (OSError, KeyError, ValueError, http.client.HTTPException):
            if time.monotonic() > limit:
                raise
            time.sleep(0.5)


def measure(sides: Sequence[Side], rounds: int, only: str) -> list[List]:
    """Ask both for every list in turns; the first block of each counts for nothing. Says which lists there were."""
    lists = [each for each in LISTS if only in each.path]
    for side in sides:
        side.prepare()
    for each in lists:
        for turn in range(rounds + 1):
            for side in sides if turn % 2 else reversed(sides):
                side.ask(each)
            if turn == 0:
                for side in sides:
                    side.cpu.clear() if each is lists[0] else side.cpu.pop(each.path)
                    side.waited.clear() if each is lists[0] else side.waited.pop(each.path)
        print(row(each, *sides), file=sys.stderr, flush=True)
    return lists


def row(asked: List, mine: Side, other: Side) -> str:
    """One line of the table."""
    cells = []
    for ours_of, theirs_of in ((mine.cpu, other.cpu), (mine.waited, other.waited)):
        one, two = median(ours_of[asked.path]), median(theirs_of[asked.path])
        cells += [f"{two:.2f}", f"{one:.2f}", f"{one / two:.2f}"]
    counts = {side.objects[asked.path] for side in (mine, other)}
    shown = "/".join(str(side.objects[asked.path]) for side in ((mine,) if len(counts) == 1 else (mine, other)))
    name = asked.path.replace("|", "/")
    return f"| `{name}` | {shown} | {' | '.join(cells)} |"


def table(tracks: int, lists: Sequence[List], mine: Side, other: Side) -> str:
    """The table of one size."""
    lines = [
        f"## {tracks:,} songs",
        "",
        "| request | objects | Navidrome, CPU | ours | ratio | Navidrome, time | ours | ratio |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
        *(row(each, mine, other) for each in lists),
    ]
    return "\n".join([*lines, ""])


def main(arguments: Sequence[str]) -> int:
    """Measure, print the tables and write the page."""
    parser = argparse.ArgumentParser(prog="bench.beside", description=__doc__)
    parser.add_argument("navidrome", type=Path, help="the program of the other server")
    parser.add_argument("--tracks", type=int, nargs="+", default=[10_000], help="sizes of the libraries (10000)")
    parser.add_argument("--rounds", type=int, default=10, help="blocks of each list (10)")
    parser.add_argument("--only", default="", help="only lists with this in their address; the page stays as it is")
    parser.add_argument("--folder", type=Path, help="where music and catalogs are kept for the next time")
    options = parser.parse_args([part for part in arguments if part != "--"])
    parts = [INTRODUCTION]
    with contextlib.ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nd-beside-")))
        for tracks in options.tracks:
            corpus: Corpus = make_corpus(folder, tracks)
            with (
                ours(corpus.root, folder / f"{tracks}-ours") as mine,
                peer(options.navidrome.resolve(), corpus.root, folder / f"{tracks}-peer") as other,
            ):
                lists = measure((mine, other), options.rounds, options.only)
                parts.append(table(tracks, lists, mine, other))
                print(parts[-1], flush=True)
    if not options.only:
        RESULT.write_text("\n".join([parts[0], f"{remark(os.getloadavg()[0])}\n", *parts[1:]]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
