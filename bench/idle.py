"""What `./script/serve` costs while nothing happens, how soon it is ready, and what it needs at most during a scan.

The real command with SQLite and its own broker, measured from outside by what Linux tells in /proc. The music is
scanned once and fingerprinted; then no client asks for anything, until one person signs in and looks at the libraries.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from bench.corpus import Corpus
from bench.processes import REPOSITORY, ProcessFailed, environment, family, running
from navidrome_lib.runner.broker import free_port

IDLE_SECONDS = 600.0
START_SECONDS = 120.0
SCAN_SECONDS = 1800.0
# the server counts as idle when it wrote nothing, and took less than this of a core, for a number of seconds, in which
# all that is periodic has come once
QUIET_SECONDS, QUIET_SHARE = 65.0, 0.02
# behind a scan fingerprints are read, and pictures are made of a hundred albums and artists a minute
QUIET_PATIENCE, QUIET_PATIENCE_PER_TRACK = 600.0, 0.2
_SAMPLE_SECONDS = 0.25
ADMIN = ("bench", "benchmark of idleness")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    """One process of an idle server: MB of proportional memory (PSS), the share of a core, and wakes a second."""

    megabytes: float
    cpu: float
    wakes: float


@dataclass(frozen=True)
class Idle:
    """One server: seconds, MB of proportional memory, the share of a core, and what was written.

    `written` are the bytes that all processes sent to disks, `changed` the files of the data folder that are new,
    gone or were written to. `signed_in` is the memory when one person has signed in.
    """

    tracks: int
    seconds: float
    first_start: float
    second_start: float
    peak: float
    processes: Mapping[str, Process]
    signed_in: float
    cpu: float
    written: int
    changed: tuple[str, ...]

    @property
    def megabytes(self) -> float:
        return sum(process.megabytes for process in self.processes.values())

    @property
    def wakes(self) -> float:
        return sum(process.wakes for process in self.processes.values())


def measure_idle(corpus: Corpus, *, seconds: float = IDLE_SECONDS) -> Idle:
    """Start the server, have it scan the music, leave it alone for `seconds`, and start it once more."""
    with tempfile.TemporaryDirectory(prefix="nd-bench-") as folder:
        data = Path(folder) / "data"
        with running_server(data, corpus.root) as server:
            with Peak(server.pid) as peak:
                wait_for_scan(server.said)
            if seconds:
                _wait_until_quiet(server.pid, data, QUIET_PATIENCE + corpus.tracks * QUIET_PATIENCE_PER_TRACK)
            before, turns, files = use_of(server.pid), turns_of(server.pid), stamps(data)
            time.sleep(seconds)
            after, turned, later = use_of(server.pid), turns_of(server.pid), stamps(data)
            memory = memory_by_process(server.pid)
            token = sign_in(server.port)
            for path in ("/api/library", "/api/scan"):
                ask(server.port, path, token=token)
            signed_in = sum(memory_by_process(server.pid).values())
        with running_server(data, corpus.root) as again:
            pass
    changed = sorted(name for name in {*files, *later} if files.get(name) != later.get(name))
    return Idle(
        tracks=corpus.tracks,
        seconds=seconds,
        first_start=server.ready,
        second_start=again.ready,
        peak=peak.megabytes,
        processes={name: _process(memory[name], turns.get(name), turned[name], seconds) for name in turned},
        signed_in=signed_in,
        cpu=(after.cpu - before.cpu) / max(seconds, 1.0),
        written=after.written - before.written,
        changed=tuple(changed),
    )


def _process(megabytes: float, before: Turns | None, after: Turns, seconds: float) -> Process:
    began = before or Turns(0.0, 0)
    passed = max(seconds, 1.0)
    return Process(megabytes, (after.cpu - began.cpu) / passed, (after.wakes - began.wakes) / passed)


class Peak:
    """The most proportional memory that a process tree had at one moment, of four looks a second."""

    def __init__(self, pid: int) -> None:
        self.megabytes = 0.0
        self._root = pid
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.is_set():
            self.megabytes = max(self.megabytes, sum(memory_by_process(self._root).values()))
            self._done.wait(_SAMPLE_SECONDS)


@dataclass(frozen=True)
class Use:
    """What a process tree has used since its start: seconds of the processor, bytes sent to disks."""

    cpu: float
    written: int


def memory_by_process(root: int) -> dict[str, float]:
    """MB of proportional memory of a process and all below it, each under its name and number."""
    found = {}
    for pid in family(root):
        for line in _read(pid, "smaps_rollup").splitlines():
            if line.startswith("Pss:"):
                found[_name_of(pid)] = int(line.split()[1]) / 1024
    return found


def use_of(root: int) -> Use:
    cpu = written = 0
    for pid in family(root):
        # behind the name, which may have any character: user, system, and both of children that have ended
        times = _read(pid, "stat").rpartition(")")[2].split()[11:15]
        cpu += sum(map(int, times))
        for line in _read(pid, "io").splitlines():
            if line.startswith("write_bytes:"):
                written += int(line.split()[1])
    return Use(cpu / _TICKS, written)


@dataclass(frozen=True)
class Turns:
    """The turns at the processor that a process has had: their seconds, and how often a thread of it woke up."""

    cpu: float
    wakes: int


def turns_of(root: int) -> dict[str, Turns]:
    """Those of a process and all below it, each under its name and number, of the threads that live."""
    found = {}
    for pid in family(root):
        nanoseconds = wakes = 0
        for task in Path(f"/proc/{pid}/task").glob("*"):
            nanoseconds += int((_read(pid, f"task/{task.name}/schedstat").split() or ["0"])[0])
            for line in _read(pid, f"task/{task.name}/status").splitlines():
                if line.startswith("voluntary_ctxt_switches:"):
                    wakes += int(line.split()[1])
        found[_name_of(pid)] = Turns(nanoseconds / 1e9, wakes)
    return found


def _name_of(pid: int) -> str:
    return f"{_read(pid, 'comm').strip()} {pid}"


def _read(pid: int, name: str) -> str:
    """A file of /proc; empty when the process has ended."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text(errors="replace")
    except OSError:
        return ""


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of change of every file and folder."""
    found = {}
    for path in [folder, *folder.rglob("*")]:
        with contextlib.suppress(OSError):
            status = path.lstat()
            found[str(path.relative_to(folder))] = status.st_size, status.st_mtime_ns
    return found


class Server(NamedTuple):
    """A command that serves: its process, its port, the seconds to its first answer, and what it has said."""

    pid: int
    port: int
    ready: float
    said: Callable[[], str]


@contextlib.contextmanager
def running_server(data: Path, music: Path) -> Iterator[Server]:
    """The command in a process of its own."""
    port = free_port()
    user, password = ADMIN
    env = environment(
        ND_VENV=sys.prefix, ND_DATAFOLDER=str(data), ND_MUSICFOLDER=str(music), ND_ADMIN_USER=user,
        ND_ADMIN_PASSWORD=password, ND_PORT=str(port), ND_ADDRESS="127.0.0.1",
    )  # fmt: skip
    lines: list[str] = []
    began = time.monotonic()
    with running([str(REPOSITORY / "script" / "serve")], env=env, said=lines.append) as child:
        if not wait_for(lambda: child.ended() is not None or _answers(port), START_SECONDS):
            raise ProcessFailed("the server did not answer")
        ready = time.monotonic() - began
        if child.ended() is not None:
            raise ProcessFailed("\n".join(lines))
        yield Server(child.pid, port, ready, lambda: "\n".join(lines))


def _answers(port: int) -> bool:
    try:
        ask(port, "/api/keepalive/")
    except (OSError, http.client.HTTPException):
        return False
    return True


def ask(port: int, path: str, *, body: object = None, token: str = "") -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    headers = {"Content-Type": "application/json", **({"X-ND-Authorization": f"Bearer {token}"} if token else {})}
    with contextlib.closing(connection):
        connection.request("GET" if body is None else "POST", path, None if body is None else json.dumps(body), headers)
        return json.loads(connection.getresponse().read())


def wait_for_scan(said: Callable[[], str]) -> None:
    """By what the server says: a request would need memory in the web server."""
    if not wait_for(lambda: "scan 1: finished" in said(), SCAN_SECONDS, every=0.5):
        raise ProcessFailed(f"the scan did not end: {said()}")


def sign_in(port: int) -> str:
    """The token of the admin."""
    user, password = ADMIN
    return str(ask(port, "/auth/login", body={"username": user, "password": password})["token"])


def _wait_until_quiet(root: int, data: Path, patience: float) -> None:
    """Fingerprints are read behind the scan, pictures are made, and processes end when nothing is left."""

    def quiet() -> bool:
        before, turns, files = use_of(root).cpu, turns_of(root), stamps(data)
        time.sleep(QUIET_SECONDS)
        share, is_same = (use_of(root).cpu - before) / QUIET_SECONDS, stamps(data) == files
        told = {name: now.cpu - turns[name].cpu if name in turns else now.cpu for name, now in turns_of(root).items()}
        busy = ", ".join(f"{name} {cpu / QUIET_SECONDS:.1%}" for name, cpu in told.items())
        written = "wrote nothing" if is_same else "wrote"
        print(f"the server {written} and took {share:.1%} of a core: {busy}", file=sys.stderr, flush=True)
        return is_same and share < QUIET_SHARE

    if not wait_for(quiet, patience):
        raise ProcessFailed("the server did not come to rest")


def wait_for(condition: Callable[[], bool], seconds: float, *, every: float = 0.02) -> bool:
    limit = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < limit:
        time.sleep(every)
    return met


def idle_text(idle: Idle, remark: str) -> str:
    """The tables; `remark` says when and where they were measured."""
    lines = [
        f"# A server with {idle.tracks:,} files",
        "",
        remark,
        "",
        "`./script/serve` with SQLite and its own broker. Memory is proportional (PSS): a page that processes share",
        "is counted once.",
        "",
        "| what | |",
        "|---|--:|",
        f"| first start, to the first answer | {idle.first_start:.1f} s |",
        f"| second start | {idle.second_start:.1f} s |",
        f"| most memory during the scan | {idle.peak:.0f} MB |",
        "",
    ]
    return "\n".join(lines + (_left_alone_lines(idle) if idle.seconds else []))


def _left_alone_lines(idle: Idle) -> list[str]:
    changed = ", ".join(f"`{name}`" for name in idle.changed) or "none"
    return [
        f"Left alone for {idle.seconds:,.0f} s:",
        "",
        "| what | |",
        "|---|--:|",
        f"| memory of all processes | {idle.megabytes:.0f} MB |",
        f"| the same when one person has signed in | {idle.signed_in:.0f} MB |",
        f"| of a core | {idle.cpu:.2%} |",
        f"| wakes a second | {idle.wakes:.2f} |",
        f"| sent to disks | {idle.written:,} bytes |",
        f"| files of the data folder that changed | {changed} |",
        "",
        "| process | MB | of a core | wakes a second |",
        "|---|--:|--:|--:|",
        *(
            f"| {name.rpartition(' ')[0]} | {one.megabytes:.1f} | {one.cpu:.2%} | {one.wakes:.2f} |"
            for name, one in idle.processes.items()
        ),
        "",
    ]
