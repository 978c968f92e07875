"""How the API answers while a first scan runs, beside how it answers when nothing else happens.

The real web server in a process of its own, and clients in another that ask without a pause, each over one connection;
the scan steps back behind them as a worker does.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.corpus import Corpus
from bench.databases import Fresh
from bench.processes import REPOSITORY, Server, run

PASSWORD = "benchmark of the answers"  # noqa: S105 - of a server that lives for a minute
CLIENTS = 2
IDLE_SECONDS = 5.0
START_SECONDS = 60.0


@dataclass(frozen=True)
class Answers:
    """What some clients got: answers per second, milliseconds, and how many were not what they should be."""

    rate: float
    middle: float
    p99: float
    bad: int


@dataclass(frozen=True)
class Served:
    """One database: the answers before, while and after a first scan, and the seconds that it took."""

    database: str
    idle: Answers
    scanning: Answers
    scan_seconds: float


def measure_serving(
    corpus: Corpus, fresh: Mapping[str, Fresh], rounds: int, *, idle_seconds: float = IDLE_SECONDS
) -> list[Served]:
    """All databases, each in `rounds` rounds: the medians of the figures, and all that was wrong."""
    done: dict[str, list[Served]] = {name: [] for name in fresh}
    for _ in range(rounds):
        for name, make in fresh.items():
            done[name].append(_measure(name, corpus, make, idle_seconds))
    return [middle_of(of_one) for of_one in done.values()]


def middle_of(rounds: Sequence[Served]) -> Served:
    """The medians over some rounds of one database."""
    return Served(
        rounds[0].database,
        _middle([each.idle for each in rounds]),
        _middle([each.scanning for each in rounds]),
        median(each.scan_seconds for each in rounds),
    )


def _middle(answers: Sequence[Answers]) -> Answers:
    return Answers(
        rate=median(each.rate for each in answers),
        middle=median(each.middle for each in answers),
        p99=median(each.p99 for each in answers),
        bad=sum(each.bad for each in answers),
    )


def _measure(database: str, corpus: Corpus, make: Fresh, idle_seconds: float) -> Served:
    corpus.warm()
    env = {**make(corpus.root), "ND_AUTHREQUESTLIMIT": "0"}
    add = [sys.executable, "manage.py", "adduser", "bench", "--admin"]
    subprocess.run(
        add, env=env, cwd=REPOSITORY, input=PASSWORD + "\n", text=True, check=True, stdout=subprocess.DEVNULL
    )
    with web_server(env) as port, tempfile.TemporaryDirectory(prefix="nd-bench-") as folder:
        before = _ask(port, folder, env, seconds=idle_seconds)
        with _asking(port, folder, env) as asking:
            scan = run([sys.executable, "-P", "-m", "bench.child", "scan-behind"], env=env, start_new_session=True)
        after = _ask(port, folder, env, seconds=idle_seconds)
    return Served(database, _middle([before, after]), asking[0], float(scan.told["seconds"]))


@contextlib.contextmanager
def web_server(env: Mapping[str, str]) -> Iterator[int]:
    """The port of a web server as `./script/serve` starts it."""
    with Server(env, workers=2 if "DATABASE_URL" in env else 1) as server:
        yield server.port


def _client(port: int, folder: str, seconds: float) -> list[str]:
    return [sys.executable, "-P", "-m", "bench.client", str(port), PASSWORD, str(Path(folder) / "stop"), str(seconds)]


def _ask(port: int, folder: str, env: Mapping[str, str], *, seconds: float) -> Answers:
    return _answers(run(_client(port, folder, seconds), env=env, start_new_session=True).told)


@contextlib.contextmanager
def _asking(port: int, folder: str, env: Mapping[str, str]) -> Iterator[list[Answers]]:
    """Clients that ask as long as the context lasts; the answers are in the list behind it."""
    found: list[Answers] = []
    stop = Path(folder) / "stop"
    process = subprocess.Popen(
        _client(port, folder, 0), env=dict(env), stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        time.sleep(1)  # they have signed in by then
        yield found
    finally:
        stop.touch()
        said, _ = process.communicate()
        stop.unlink()
    found.append(_answers(json.loads(said)))


def _answers(told: Mapping[str, Any]) -> Answers:
    return Answers(float(told["rate"]), float(told["middle"]), float(told["p99"]), int(told["bad"]))


def serving_text(served: Sequence[Served], tracks: int, rounds: int) -> str:
    """The table."""
    lines = [
        f"## Answers while {tracks:,} files are scanned for the first time",
        "",
        f"{CLIENTS} clients ask without a pause, each over one connection, for libraries, users, scans, missing files,",
        "the status of the scan and the music folders. The scan steps back behind them, as a worker does. *Idle* is",
        f"the mean of before and after it. Medians of {rounds} rounds.",
        "",
        "| database | answers/s idle | while scanning | of idle | p99 idle | while scanning | of idle | wrong | scan |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for each in served:
        idle, busy = each.idle, each.scanning
        lines.append(
            f"| {each.database} | {idle.rate:,.0f} | {busy.rate:,.0f} | {busy.rate / idle.rate:.0%} "
            f"| {idle.p99:.0f} ms | {busy.p99:.0f} ms | {busy.p99 / idle.p99:.1f} × "
            f"| {idle.bad + busy.bad} | {each.scan_seconds:.1f} s |"
        )
    return "\n".join([*lines, ""])
