"""Scans of storage that answers after a delay: `./script/bench --network`.

A file system of our own (`latencyfs.c`) shows the generated library and keeps each operation waiting, as a server
across a network does. What threads can do at the best is measured in the same mount.
"""

from __future__ import annotations

import contextlib
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
from typing import IO, NamedTuple

from bench.corpus import Corpus
from bench.databases import Fresh
from bench.peers import PeerTimes, measure_peer
from bench.processes import REPOSITORY, run_module
from bench.rounds import AGAIN, CHANGED, FIRST

START = "# Network storage"
DELAYS_MS = (0, 1, 10)
# a quick disk: half a turn, and some of the way of its arm
ARM_MS = 5
LIST, READ = "list", "list and read"
_SOURCE = REPOSITORY / "bench" / "latencyfs.c"
_BUILT = REPOSITORY / "build" / "bench" / "latencyfs"
# names and attributes that the kernel has kept are forgotten after this
FORGOTTEN_SECONDS = 5.5
_FLOORS = {LIST: "list-32", READ: "list-read-32"}
# by how much a scan may take longer than its floor
TARGETS = {FIRST: 1.3, AGAIN: 1.5}

INTRODUCTION = f"""\
{START}

Written by `./script/bench --network` (as root, with a C compiler): the same library behind a delay for each remote
operation, which are a lookup, attributes, opening a folder, opening a file and each read of up to 128 KiB. Up to 64
operations wait at once. Seconds of the scan alone, with default settings; medians.

- *floor*: what 32 threads take in the same mount, to list all folders and files for scans without and with few changes,
  and to list, open and read 64 KiB of each file for a first scan. A first scan is compared with one without a delay
  where that is slower: of the local disk, and of the same mount at 0 ms, whose program takes its time of the same
  processors (a server on the network has its own).
- *ratio*: the scan against its floor, of the same round.
- *operations*: those that the scan had of the storage, and the floor; they are the same on every machine.
"""


class NoDelay(Exception):
    """The delaying file system cannot be had on this machine; the message says why."""


@dataclass(frozen=True)
class DelayedMusic:
    """A mounted library whose storage answers after a delay."""

    root: Path
    asks: IO[bytes]
    says: IO[bytes]

    def operations(self) -> dict[str, int]:
        """How many operations of each kind the storage had since the last question."""
        self.asks.write(b"\n")
        self.asks.flush()
        words = self.says.readline().decode().split()
        return {kind: int(count) for kind, count in zip(words[::2], words[1::2], strict=True)}


class OneArm(NamedTuple):
    """Seconds of a scan of a disk with one arm, by itself and with one operation in flight."""

    by_itself: float
    one_at_a_time: float


@dataclass
class NetworkRound:
    """Seconds of one round: scans by database, delay (None: the disk itself) and kind, floors and peers by delay.

    `operations` has the numbers of those that scans and floors had of the storage.
    """

    scans: dict[tuple[str, int | None, str], float] = field(default_factory=dict)
    floors: dict[tuple[int, str], float] = field(default_factory=dict)
    peers: dict[tuple[int, str], PeerTimes | None] = field(default_factory=dict)
    operations: dict[tuple[object, ...], int] = field(default_factory=dict)
    one_arm: dict[str, OneArm] = field(default_factory=dict)

    def floor(self, database: str, delay: int, kind: str) -> float:
        """What a scan is compared with."""
        if kind != FIRST:
            return self.floors[delay, LIST]
        without = (self.scans.get((database, place, FIRST), 0.0) for place in (None, 0) if place != delay)
        return max(self.floors[delay, READ], *without)


class NetworkRow(NamedTuple):
    """The medians of one kind of scan behind one delay."""

    database: str
    delay_ms: int
    kind: str
    seconds: float
    floor: float
    ratio: float
    operations: int
    floor_operations: int


def build_latencyfs() -> Path:
    """The program of the delaying file system, compiled unless it is there; raises NoDelay."""
    if sys.platform != "linux" or not os.access("/dev/fuse", os.R_OK | os.W_OK) or os.geteuid() != 0:
        raise NoDelay("The delaying file system needs Linux, /dev/fuse and the rights of root.")
    if _BUILT.exists() and _BUILT.stat().st_mtime >= _SOURCE.stat().st_mtime:
        return _BUILT
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        raise NoDelay("The delaying file system is written in C, and there is no compiler.")
    _BUILT.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([compiler, "-O2", "-pthread", _SOURCE, "-o", _BUILT], check=True)
    return _BUILT


@contextlib.contextmanager
def delayed(root: Path, milliseconds: int, *, arm_at: Path | None = None) -> Iterator[DelayedMusic]:
    """A mount that shows `root` behind a delay; raises NoDelay.

    With `arm_at`, the folder where it is mounted, it is a disk: one operation after the other, and the kernel keeps
    what it has learnt of it.
    """
    program = build_latencyfs()
    with tempfile.TemporaryDirectory(prefix="nd-delayed-") as new:
        place = str(arm_at or new)
        arguments = [str(program), str(root), place, str(milliseconds * 1000), *(["arm"] if arm_at else [])]
        process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None
        assert process.stdout is not None
        with process.stdin, process.stdout:
            try:
                if process.stdout.readline() != b"ready\n":
                    raise NoDelay("The delaying file system could not be mounted.")
                yield DelayedMusic(Path(place), process.stdin, process.stdout)
            finally:
                process.stdin.close()
                process.wait()


def measure_network(
    corpus: Corpus,
    fresh: Mapping[str, Fresh],
    turn: int,
    peers: Sequence[str],
    *,
    delays_ms: Sequence[int] = DELAYS_MS,
    forgotten_seconds: float = FORGOTTEN_SECONDS,
) -> NetworkRound:
    """One round: local first scans, then behind each delay the floors, the peers and the scans.

    Before each of them the kernel has `forgotten_seconds` to forget what it knows of the mount.
    """
    found = NetworkRound()
    for database, make in fresh.items():
        corpus.warm()
        env = make(corpus.root)
        found.scans[database, None, FIRST] = _scan(env, added=corpus.tracks)
    for delay in delays_ms:
        with delayed(corpus.root, delay) as music:
            for name, floor in _FLOORS.items():
                _let_forget(music, forgotten_seconds)
                found.floors[delay, name] = float(run_module("bench.floors", floor, str(music.root)).told["seconds"])
                found.operations[delay, name] = sum(music.operations().values())
            for peer in peers:
                _let_forget(music, forgotten_seconds)
                found.peers[delay, peer] = measure_peer(peer, music.root)
            for database, make in fresh.items():
                env = make(music.root)
                for kind in (FIRST, AGAIN, CHANGED):
                    changed = corpus.change_some(turn) if kind == CHANGED else 0
                    corpus.warm()
                    _let_forget(music, forgotten_seconds)
                    expected = {"added": corpus.tracks if kind == FIRST else 0, "updated": changed}
                    found.scans[database, delay, kind] = _scan(env, **expected)
                    found.operations[database, delay, kind] = sum(music.operations().values())
    return found


def measure_one_arm(corpus: Corpus, make: Fresh, *, delay_ms: int = ARM_MS) -> dict[str, OneArm]:
    """The scans of a disk that does one operation after the other, by their kind; each finds a cold cache."""
    kinds = {FIRST: corpus.tracks, AGAIN: 0}
    seconds: dict[tuple[str, str], float] = {}
    with tempfile.TemporaryDirectory(prefix="nd-arm-") as place:
        for most in ("64", "1"):
            with delayed(corpus.root, delay_ms, arm_at=Path(place)) as music:
                env = {**make(music.root), "ND_SCANNER_INFLIGHT": most}
            for kind, added in kinds.items():
                corpus.warm()
                with delayed(corpus.root, delay_ms, arm_at=Path(place)):
                    seconds[kind, most] = _scan(env, added=added)
    return {kind: OneArm(seconds[kind, "64"], seconds[kind, "1"]) for kind in kinds}


def _let_forget(music: DelayedMusic, seconds: float) -> None:
    """Wait until the kernel has forgotten what it knows of a mount, and count its operations from then on."""
    time.sleep(seconds)
    music.operations()


def _scan(env: dict[str, str], **expected: int) -> float:
    told = run_module("bench.child", "scan", env=env).told
    if any(told[name] != number for name, number in expected.items()):
        raise AssertionError(f"expected {expected}, got {told}")
    return float(told["seconds"])


def summarise_network(rounds: Sequence[NetworkRound]) -> list[NetworkRow]:
    """The medians over all rounds; a ratio is taken within its round."""
    rows = []
    for database, delay, kind in rounds[0].scans:
        if delay is None:
            continue
        pairs = [(one.scans[database, delay, kind], one.floor(database, delay, kind)) for one in rounds]
        floor = delay, READ if kind == FIRST else LIST
        rows.append(
            NetworkRow(
                database,
                delay,
                kind,
                median(seconds for seconds, _ in pairs),
                median(floor for _, floor in pairs),
                median(seconds / floor for seconds, floor in pairs),
                round(median(one.operations.get((database, delay, kind), 0) for one in rounds)),
                round(median(one.operations.get(floor, 0) for one in rounds)),
            )
        )
    return rows


def network_part(rounds: Sequence[NetworkRound], tracks: int, remark: str) -> str:
    """The part of the page about network storage."""
    lines = [INTRODUCTION, f"{remark}\n", f"## {tracks:,} files, {len(rounds)} rounds", ""]
    lines += [
        "| database | delay | what | seconds | floor | ratio | target | operations | of the floor |",
        "|---|--:|---|--:|--:|--:|--:|--:|--:|",
    ]
    for row in summarise_network(rounds):
        target = TARGETS.get(row.kind)
        wanted = f"{target:.1f}" if target else ""
        lines.append(
            f"| {row.database} | {row.delay_ms} ms | {row.kind} | {row.seconds:.2f} | {row.floor:.2f} "
            f"| {row.ratio:.2f} | {wanted} | {row.operations:,} | {row.floor_operations:,} |"
        )
    lines += ["", *_local_lines(rounds), *_peer_lines(rounds), *_arm_lines(rounds), "", ""]
    return "\n".join(lines)


def _arm_lines(rounds: Sequence[NetworkRound]) -> Iterator[str]:
    """A disk with one arm must not get slower by several operations in flight."""
    for kind in rounds[0].one_arm:
        by_itself = median(one.one_arm[kind].by_itself for one in rounds)
        one_at_a_time = median(one.one_arm[kind].one_at_a_time for one in rounds)
        ratio = median(one.one_arm[kind].by_itself / one.one_arm[kind].one_at_a_time for one in rounds)
        yield (
            f"A disk with one arm, {ARM_MS} ms for each operation: {kind} {by_itself:.2f} s, "
            f"with one in flight {one_at_a_time:.2f} s, ratio {ratio:.2f}."
        )


def _local_lines(rounds: Sequence[NetworkRound]) -> Iterator[str]:
    for database, delay, kind in rounds[0].scans:
        if delay is None:
            seconds = median(one.scans[database, None, kind] for one in rounds)
            yield f"Local disk, {database}: {kind} {seconds:.2f} s."


def _peer_lines(rounds: Sequence[NetworkRound]) -> Iterator[str]:
    for name in dict.fromkeys(peer for _, peer in rounds[0].peers):
        delays = [delay for delay, peer in rounds[0].peers if peer == name]
        told = [(delay, _peer_text([one.peers.get((delay, name)) for one in rounds])) for delay in delays]
        yield f"{name}: " + ("; ".join(f"{delay} ms {text}" for delay, text in told if text) or "not installed") + "."


def _peer_text(found: Sequence[PeerTimes | None]) -> str:
    known = [times for times in found if times is not None]
    if not known:
        return ""
    again = [times.again for times in known if times.again is not None]
    return f"{median(times.first for times in known):.2f} s" + (f", no change {median(again):.2f} s" if again else "")


def round_lines(rounds: Sequence[NetworkRound]) -> str:
    """Every figure of every round, for `bench/results`."""
    lines = ["| round | database | delay | what | seconds |", "|--:|---|--:|---|--:|"]
    for number, one in enumerate(rounds, 1):
        for (database, delay, kind), seconds in one.scans.items():
            place = "local disk" if delay is None else f"{delay} ms"
            lines.append(f"| {number} | {database} | {place} | {kind} | {seconds:.3f} |")
        for (delay_ms, name), seconds in one.floors.items():
            lines.append(f"| {number} | | {delay_ms} ms | floor: {name} | {seconds:.3f} |")
        for (delay_ms, name), times in one.peers.items():
            if times is not None:
                lines.append(f"| {number} | {name} | {delay_ms} ms | {FIRST} | {times.first:.3f} |")
        for kind, arm in one.one_arm.items():
            lines.append(f"| {number} | | one arm, {ARM_MS} ms | {kind} | {arm.by_itself:.3f} |")
            lines.append(f"| {number} | | one arm, {ARM_MS} ms | {kind}, one in flight | {arm.one_at_a_time:.3f} |")
    return "\n".join([*lines, ""])


def split_network(scans: str) -> tuple[str, str]:
    """The part of a page before the one about network storage, and that one."""
    before, found, after = scans.partition(f"{START}\n")
    return before, found + after
