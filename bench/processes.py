"""Whole processes, measured from outside: their time, and their memory with that of their children."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from navidrome_lib.runner.broker import free_port
from navidrome_lib.runner.command import Command
from navidrome_lib.runner.outputs import LineSink
from navidrome_lib.runner.processes import Child, Sentinel
from navidrome_lib.runner.services import WEB_THREADS, WEB_WORKER

REPOSITORY = Path(__file__).resolve().parent.parent
_SAMPLE_SECONDS = 0.1
# what Linux adds to the number of a process for the id of its clock; ended threads are counted there, too
_CPU_CLOCK = 2
# what a server has to end in order, before it is killed
_STOP_SECONDS = 30.0
# modules are compiled once, where Python keeps them: that is not measured
_LEFT_OUT = {"DATABASE_URL", "PYTHONDONTWRITEBYTECODE"}


class ProcessFailed(Exception):
    """A measured process did not end well; the message is what it said."""


@dataclass(frozen=True)
class Measured:
    """One run of one process. `told` is the JSON object on its last line."""

    seconds: float
    megabytes: float
    told: dict[str, Any] = field(default_factory=dict)


def environment(**extra: str) -> dict[str, str]:
    """Our environment without options of a server, with one order of hashing and compiled modules for all runs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ND_") and name not in _LEFT_OUT}
    ours = {"PYTHONHASHSEED": "0", "PYTHONPATH": str(REPOSITORY)}
    return {**kept, **ours, **extra}


def run_module(module: str, *arguments: str, env: Mapping[str, str] | None = None) -> Measured:
    """Run a module of ours as a process of its own."""
    return run([sys.executable, "-P", "-m", module, *arguments], env=environment() if env is None else env)


def run(argv: Sequence[str], *, env: Mapping[str, str], start_new_session: bool = False) -> Measured:
    """Run a program to its end; raises ProcessFailed."""
    started = time.monotonic()
    process = subprocess.Popen(
        argv,
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=start_new_session,
    )
    with Memory(process.pid) as memory:
        said, complaints = process.communicate()
    seconds = time.monotonic() - started
    if process.returncode:
        raise ProcessFailed(f"{' '.join(argv)}: exit code {process.returncode}\n{said}{complaints}")
    lines = said.strip().splitlines()
    told = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    return Measured(seconds, memory.megabytes, told)


class Memory:
    """The peak memory of a process tree: the sum of what each process had at most, so never too low a figure.

    Shared pages count once per process. Without /proc it stays 0.
    """

    def __init__(self, pid: int) -> None:
        self._root = pid
        self._peaks: dict[int, int] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    @property
    def megabytes(self) -> float:
        return sum(self._peaks.values()) / 1024

    def _watch(self) -> None:
        while not self._done.is_set():
            for pid in family(self._root):
                peak = _high_water(pid)
                self._peaks[pid] = max(peak, self._peaks.get(pid, 0))
            self._done.wait(_SAMPLE_SECONDS)


@contextlib.contextmanager
def running(
    argv: Sequence[str], *, env: Mapping[str, str], cwd: Path = REPOSITORY, said: LineSink = lambda line: None
) -> Iterator[Child]:
    """A server in a process group of its own, which ends here, or with this process in whatever way that ends."""
    command = Command(name="server", argv=argv, env=env, cwd=cwd, stop=((signal.SIGTERM, _STOP_SECONDS),))
    with Sentinel() as sentinel:
        child = Child(command, sentinel, said)
        try:
            yield child
        finally:
            child.stop()


class Server:
    """The real web server in a process of its own, as production starts it, on a port of this machine."""

    def __init__(self, env: Mapping[str, str], checkout: Path = REPOSITORY, *, workers: int = 1) -> None:
        self._env = dict(env)
        self._checkout = checkout
        self._workers = workers
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Server:
        self.port = free_port()
        argv = [
            sys.executable, "-m", "gunicorn", "navidrome_lib.wsgi:application", f"--bind=127.0.0.1:{self.port}",
            f"--worker-class={WEB_WORKER}", f"--workers={self._workers}", f"--threads={WEB_THREADS}",
            "--no-control-socket", "--log-level=error",
        ]  # fmt: skip
        self._process = self._stack.enter_context(running(argv, env=self._env, cwd=self._checkout))
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    @property
    def pid(self) -> int:
        """Its first process."""
        return self._process.pid

    def cpu_seconds(self) -> float:
        """What all its processes have spent until now."""
        return cpu_seconds(self.pid)


def cpu_seconds(root: int) -> float:
    """What a process and all below it have spent until now, by the clock that Linux has for each: to the nanosecond."""
    return sum(map(cpu_clock, family(root)))


def cpu_clock(pid: int) -> float:
    """What one process has spent until now."""
    return time.clock_gettime(~pid << 3 | _CPU_CLOCK)


def family(root: int) -> list[int]:
    """A process and all below it."""
    found = [root]
    for pid in found:
        for task in _tasks(pid):
            try:
                children = Path(f"/proc/{pid}/task/{task}/children").read_text()
            except OSError:
                continue
            found += map(int, children.split())
    return found


def _tasks(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def _high_water(pid: int) -> int:
    """The most memory that a process ever had, in kB; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0
