"""The CPU that the web process spends on a request, for the calls that clients make most.

A real server answers one request after the other on a kept connection. What it spends is read from the kernel, in
nanoseconds: another program that keeps the machine busy changes that far less than the time of an answer. With
`--against` a second checkout of the project answers the same calls in turns, over the same music.
"""

from __future__ import annotations

import http.client
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.client import call, wait_for
from bench.processes import REPOSITORY, Server, environment
from synth import make_library

INTRODUCTION: Final = """\
# CPU of a request

Written by `./script/bench --calls --rounds 20`; `--against` measures another checkout in turns with this one.
What the web process spends on one request, in the kernel's own count: the median over blocks of 25, asked one after the
other on a kept connection. The catalog has five libraries with 250 songs, 50 of which are missing, and ten scans.
"""
ACCOUNT: Final = "bench"
PASSWORD: Final = "benchmark of the calls"  # noqa: S105 - of a server that lives for a minute
LIBRARIES: Final = 5
TRACKS: Final = 50
# removed from each library before its second scan
MISSING: Final = 10
# asked one after the other between two looks at the kernel's counters
BLOCK: Final = 25
# for what a request still does behind its answer
_SETTLE_SECONDS: Final = 0.005


@dataclass(frozen=True)
class Call:
    """One kind of request: its name in the table, its path, and how it says who asks."""

    name: str
    path: str
    sign_in: str = "token"


CALLS: Final = (
    Call("keepalive", "/api/keepalive/"),
    Call("list of libraries", "/api/library"),
    Call("one library", "/api/library/1"),
    Call("account with its libraries", "/api/user/{id}"),
    Call("list of scans, a page", "/api/scan?_start=0&_end=20"),
    Call("missing files, a page", "/api/missing?_start=0&_end=50"),
    Call("options", "/api/config/"),
    Call("ping, token and salt", "/rest/ping?", "proof"),
    Call("ping, API key", "/rest/ping?", "key"),
    Call("getScanStatus, token and salt", "/rest/getScanStatus?", "proof"),
    Call("getMusicFolders, token and salt", "/rest/getMusicFolders?", "proof"),
    Call("stream of events, opened and closed", "/api/events", "stream"),
)


@dataclass
class Asked:
    """A server with a catalog, and what a client needs to ask it."""

    server: Server
    port: int
    signed_in: Mapping[str, Any]
    key: str
    milliseconds: dict[str, list[float]] = field(default_factory=dict)

    def request(self, asked: Call) -> tuple[str, dict[str, str]]:
        """The path with its credentials, and the headers."""
        account = self.signed_in
        if asked.sign_in in ("token", "stream"):
            return asked.path.format(id=account["id"]), {"Authorization": f"Bearer {account['token']}"}
        proof = f"u={ACCOUNT}&t={account['subsonicToken']}&s={account['subsonicSalt']}"
        credentials = proof if asked.sign_in == "proof" else f"apiKey={self.key}"
        return f"{asked.path}v=1.16.1&c=bench&f=json&{credentials}", {}

    def measure(self, asked: Call, block: int = BLOCK) -> None:
        """Ask a block of times, and note the milliseconds of CPU for each."""
        target, headers = self.request(asked)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        before = self.server.cpu_seconds()
        for _ in range(block):
            connection.request("GET", target, headers=headers)
            answer = connection.getresponse()
            if asked.sign_in == "stream":
                answer.readline()
                connection.close()
            elif b'"status":"failed"' in answer.read() or answer.status != 200:
                raise RuntimeError(f"{target}: {answer.status}")
        connection.close()
        time.sleep(_SETTLE_SECONDS)
        spent = self.server.cpu_seconds() - before
        self.milliseconds.setdefault(asked.name, []).append(spent / block * 1000)


def measure_calls(rounds: int, against: Path | None = None) -> list[dict[str, float]]:
    """The median milliseconds of CPU of each call: of this checkout, then of the one it is measured against."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nd-calls-")))
        checkouts = [REPOSITORY, *([against] if against else [])]
        servers = [
            stack.enter_context(server_with_catalog(checkout, folder / str(number)))
            for number, checkout in enumerate(checkouts)
        ]
        return measure_in_turns(servers, rounds)


def measure_in_turns(servers: Sequence[Asked], rounds: int, *, block: int = BLOCK) -> list[dict[str, float]]:
    """The medians of each server, which all are asked the same in every round."""
    for turn in range(rounds + 1):
        for each in CALLS:
            for server in servers if turn % 2 else reversed(servers):
                server.measure(each, block)
        if turn == 0:  # the first block of each loads modules and fills caches
            for server in servers:
                server.milliseconds.clear()
    return [{name: median(found) for name, found in server.milliseconds.items()} for server in servers]


@contextmanager
def server_with_catalog(
    checkout: Path, folder: Path, *, libraries: int = LIBRARIES, migrated: Path | None = None
) -> Iterator[Asked]:
    """A server of the code in `checkout`, with a few scanned libraries, scans and missing files.

    Its database is a copy of the one that is `migrated` already, if there is one.
    """
    env = environment(
        PYTHONPATH=str(checkout), ND_DATAFOLDER=str(folder / "data"),
        DJANGO_SETTINGS_MODULE="navidrome_lib.settings", ND_AUTHREQUESTLIMIT="0", ND_DEVUISHOWCONFIG="true",
        ND_LOGLEVEL="error",
    )  # fmt: skip
    if migrated:
        (folder / "data").mkdir(mode=0o700)
        shutil.copyfile(migrated, folder / "data" / migrated.name)
    fill(checkout, folder / "music", env, libraries)
    with Server(env, checkout) as server:
        wait_for(server.port)
        credentials = {"username": ACCOUNT, "password": PASSWORD}
        signed_in = call(server.port, "POST", "/auth/login", credentials)
        key = call(server.port, "POST", "/api/apikey", {"name": "bench"}, signed_in["token"])["key"]
        yield Asked(server, server.port, signed_in, key)


def fill(checkout: Path, music: Path, env: Mapping[str, str], libraries: int) -> None:
    """Make a catalog with the project's own commands, which every version has."""
    manage(checkout, env, "migrate", "--verbosity=0")
    manage(checkout, env, "adduser", ACCOUNT, "--admin", said=PASSWORD + "\n")
    for number in range(libraries):
        make_library(music / str(number), tracks=TRACKS, seed=number, formats=("mp3",))
        manage(checkout, env, "ensure_library", str(music / str(number)), f"--name=Library {number}")
    manage(checkout, env, "scan")
    for number in range(libraries):
        for path in sorted(each for each in (music / str(number)).rglob("*.mp3") if each.is_file())[:MISSING]:
            path.unlink()
    manage(checkout, env, "scan")
    shutil.rmtree(music)


def manage(checkout: Path, env: Mapping[str, str], *command: str, said: str = "") -> None:
    subprocess.run(
        [sys.executable, "manage.py", *command],
        env=dict(env), cwd=checkout, input=said, text=True, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def calls_part(measured: Sequence[Mapping[str, float]], remark: str) -> str:
    """The page of the results."""
    return f"{INTRODUCTION}\n{remark}\n\n{calls_text(measured)}"


def calls_text(measured: Sequence[Mapping[str, float]]) -> str:
    """The table; with a second server its figures, and what ours are of them."""
    ours, *others = measured
    lines = ["| call | CPU of a request |" + (" before | ratio |" if others else "")]
    lines += ["|---|--:|" + ("--:|--:|" if others else "")]
    for name, spent in ours.items():
        more = "".join(f" {other[name]:.2f} ms | {spent / other[name]:.0%} |" for other in others)
        lines.append(f"| {name} | {spent:.2f} ms |{more}")
    if others:
        share = median(spent / others[0][name] for name, spent in ours.items())
        lines.append(f"| median | | | {share:.0%} |")
    return "\n".join([*lines, ""])
