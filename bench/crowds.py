"""How long normal requests take beside hundreds of clients that only hold their connections."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from bench.calls import CALLS, Asked, server_with_catalog
from bench.processes import REPOSITORY, environment

STREAMS: Final = 500
READERS: Final = 200
# asked one after the other with a pause between, for so long that all has its turn which streams cost now and then,
# such as looking at their rights every ten seconds
REQUESTS: Final = 600
PAUSE_SECONDS: Final = 0.04
INTRODUCTION: Final = f"""\
# Answers beside a crowd

Written by `./script/bench --crowds --rounds 3`. One client asks for everything in the table of `calls.md` but streams,
one after the other on a kept connection; beside it {STREAMS} streams of events are open, and {READERS} clients take a
byte of a file of 1.5 MB every half second, each from an address of its own. Rounds alternate between both; the figures
are the medians of the rounds, in milliseconds.
"""


@dataclass(frozen=True)
class Times:
    """Milliseconds of the requests of one round."""

    middle: float
    p99: float


@dataclass(frozen=True)
class Crowded:
    """The requests without and with a crowd, and how many of the crowd the server has cut off."""

    alone: Times
    beside: Times
    cut: int


def measure_crowds(rounds: int) -> Crowded:
    """The medians over some rounds of both."""
    with (
        tempfile.TemporaryDirectory(prefix="nd-crowds-") as folder,
        server_with_catalog(REPOSITORY, Path(folder)) as asked,
    ):
        ask(asked, REQUESTS)
        return measure_beside(asked, rounds)


def measure_beside(
    asked: Asked, rounds: int, *, streams: int = STREAMS, readers: int = READERS, requests: int = REQUESTS
) -> Crowded:
    """The same of a server that runs."""
    alone, beside, cut = [], [], 0
    for _ in range(rounds):
        alone.append(ask(asked, requests))
        with crowd(asked, streams, readers) as ended:
            beside.append(ask(asked, requests))
        cut += ended["cut"]
    return Crowded(middle_of(alone), middle_of(beside), cut)


def middle_of(rounds: list[Times]) -> Times:
    return Times(median(each.middle for each in rounds), median(each.p99 for each in rounds))


def ask(asked: Asked, requests: int) -> Times:
    """Ask a number of times."""
    calls = [asked.request(each) for each in CALLS if each.sign_in != "stream"]
    connection = http.client.HTTPConnection("127.0.0.1", asked.port, timeout=60)
    taken = []
    for number in range(requests):
        target, headers = calls[number % len(calls)]
        begun = time.perf_counter()
        connection.request("GET", target, headers=headers)
        answer = connection.getresponse()
        answer.read()
        taken.append((time.perf_counter() - begun) * 1000)
        if answer.status != 200:
            raise RuntimeError(f"{target}: {answer.status}")
        time.sleep(PAUSE_SECONDS)
    connection.close()
    return Times(median(taken), quantiles(taken, n=100)[98])


@contextmanager
def crowd(asked: Asked, streams: int, readers: int) -> Iterator[Mapping[str, int]]:
    """A crowd as long as the context lasts; behind it, how many were cut off."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "bench.crowd_clients", str(asked.port), asked.key, str(streams), str(readers)],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    ended: dict[str, int] = {}
    try:
        if process.stdout is None or process.stdout.readline() != "all have begun\n":
            raise RuntimeError("the crowd did not come together")
        yield ended
    finally:
        said, _ = process.communicate()
    ended.update(json.loads(said))


def crowds_part(found: Crowded, remark: str) -> str:
    """The page of the results."""
    ratio = found.beside.p99 / found.alone.p99
    return f"""{INTRODUCTION}
{remark}

| requests | median | p99 | cut off |
|---|--:|--:|--:|
| alone | {found.alone.middle:.1f} ms | {found.alone.p99:.1f} ms | |
| beside {STREAMS} streams and {READERS} slow readers | {found.beside.middle:.1f} ms | {found.beside.p99:.1f} ms \
| {found.cut} |
| ratio | {found.beside.middle / found.alone.middle:.1f} × | {ratio:.1f} × | |
"""
