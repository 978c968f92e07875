"""A first scan as its person waits for it: from the request to the last row, and beside other programs.

The real command with SQLite and its own broker, idle before the request. What the seconds are spent on is measured
apart, in processes of their own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.corpus import Corpus
from bench.databases import Fresh
from bench.idle import ask, running_server, sign_in, wait_for, wait_for_scan
from bench.processes import ProcessFailed, environment, run_module

BUSY_LOOPS: Final = 2
SCAN_SECONDS: Final = 600.0
# by how much other programs, as many as there are processors, may make a scan longer
TARGET: Final = 2.5
_LOOPS: Final = """
import os, sys
loops = int(sys.argv[1])
while loops > 1 and os.fork():
    loops -= 1
while loops:
    pass
"""


@dataclass(frozen=True)
class Waited:
    """Seconds of one first scan: until the request was answered, until a worker had claimed it, the scan, and all."""

    answered: float
    queued: float
    scan: float
    whole: float


@dataclass(frozen=True)
class Parts:
    """Processor seconds of one first scan, and the seconds until a reader process has read its first file.

    `tags` is reading and decoding, `mapping` what follows from them: identity, credits, words. `statements` is spent
    inside the database, `rest` on walking, comparing and making rows.
    """

    start: float
    tags: float
    mapping: float
    transport: float
    statements: float
    rest: float


@dataclass(frozen=True)
class FirstScan:
    """All rounds of one size; the busy ones had two loops of another program beside them."""

    tracks: int
    quiet: Sequence[Waited]
    busy: Sequence[Waited]
    parts: Sequence[Parts]

    @property
    def ratio(self) -> float:
        """How many times as long a scan takes beside other programs, of rounds that followed each other."""
        return median(busy.whole / quiet.whole for quiet, busy in zip(self.quiet, self.busy, strict=True))


def measure_first_scan(corpus: Corpus, make: Fresh, rounds: int, *, loops: int = BUSY_LOOPS) -> FirstScan:
    """First scans of the corpus, quiet and busy in turns, each by a server of its own."""
    quiet, busy, parts = [], [], []
    for _ in range(rounds):
        corpus.warm()
        parts.append(_parts(make(corpus.root), corpus))
        quiet.append(_waited(corpus, 0))
        busy.append(_waited(corpus, loops))
    return FirstScan(corpus.tracks, quiet, busy, parts)


def _parts(env: Mapping[str, str], corpus: Corpus) -> Parts:
    scan = run_module("bench.child", "scan", env=env).told
    read = run_module("bench.child", "read", str(corpus.root), env=env).told
    return Parts(
        start=read["start"],
        tags=read["tags"],
        mapping=read["mapping"],
        transport=scan["cpu"] - scan["own_cpu"] - read["tags"] - read["mapping"],
        statements=scan["sql"],
        rest=scan["own_cpu"] - scan["sql"],
    )


def _waited(corpus: Corpus, loops: int) -> Waited:
    with tempfile.TemporaryDirectory(prefix="nd-bench-") as folder:
        music = Path(folder) / "music"
        music.mkdir()
        with running_server(Path(folder) / "data", music) as server:
            wait_for_scan(server.said)
            token = sign_in(server.port)
            corpus.warm()
            with _busy(loops):
                began = time.time()
                body = {"name": "Benchmark", "path": str(corpus.root)}
                made = ask(server.port, "/api/library", body=body, token=token)
                answered = time.time() - began
                scan = _finished(server.port, token, str(made["id"]), corpus.tracks)
    queued, started, finished = (datetime.fromisoformat(scan[key]) for key in ("requested", "started", "finished"))
    return Waited(
        answered, (started - queued).total_seconds(), (finished - started).total_seconds(), finished.timestamp() - began
    )


def _finished(port: int, token: str, library: str, tracks: int) -> Mapping[str, Any]:
    found: list[Mapping[str, Any]] = []

    def is_finished() -> bool:
        found[:] = ask(port, f"/api/scan?library={library}&_end=1", token=token)
        return bool(found) and found[0]["state"] == "finished"

    if not wait_for(is_finished, SCAN_SECONDS, every=0.2) or found[0]["added"] != tracks:
        raise ProcessFailed(f"the scan did not do its work: {found}")
    return found[0]


@contextlib.contextmanager
def _busy(loops: int) -> Iterator[None]:
    """Another program that would use as many processors, in a session of its own."""
    argv = [sys.executable, "-I", "-S", "-c", _LOOPS, str(loops)]
    program = subprocess.Popen(argv, env=environment(), start_new_session=True)
    try:
        yield
    finally:
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()


def first_scan_text(found: FirstScan, remark: str) -> str:
    """The page: what a person waits for, and what the processors do meanwhile."""
    lines = [
        f"# A first scan of {found.tracks:,} files, from the request to the last row",
        "",
        "Written by `./script/bench --first-scan`: `./script/serve` with SQLite, where a library is added. Medians.",
        "",
        remark,
        "",
        "| seconds | nothing beside it | beside two busy loops |",
        "|---|--:|--:|",
        *(
            f"| {what} | {_middle(found.quiet, name):.2f} | {_middle(found.busy, name):.2f} |"
            for what, name in (
                ("until the request is answered", "answered"),
                ("until a worker has claimed the scan", "queued"),
                ("the scan, to its last row", "scan"),
                ("all", "whole"),
            )
        ),
        "",
        f"Beside two busy loops it takes {found.ratio:.2f} × as long (target: {TARGET:.1f}).",
        "",
        "| processor seconds | |",
        "|---|--:|",
        *(
            f"| {what} | {_middle(found.parts, name):.2f} |"
            for what, name in (
                ("readers: opening files, tags, lengths", "tags"),
                ("readers: identity, credits, words for searching", "mapping"),
                ("readers: their start, and sending", "transport"),
                ("scan: statements of SQL", "statements"),
                ("scan: walk, comparison, rows", "rest"),
            )
        ),
        "",
        f"A reader has read its first file {_middle(found.parts, 'start'):.2f} s after it is started; the walk is"
        " under way meanwhile.",
        "",
    ]
    return "\n".join(lines)


def _middle(rows: Sequence[object], name: str) -> float:
    return median(float(getattr(row, name)) for row in rows)
