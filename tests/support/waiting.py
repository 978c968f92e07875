"""What the tests of the runner share: waiting for a fact, and a supervisor in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from navidrome_lib.runner.services import REPOSITORY


def eventually(condition: Callable[[], object], *, seconds: float = 60.0) -> bool:
    """Whether the condition came true in time."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


def running(process: int) -> bool:
    """Whether the process runs; one that only waits to be collected does not."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    look = ["ps", "-o", "stat=", "-p", str(process)]
    status = subprocess.run(look, capture_output=True, text=True, check=False).stdout
    return bool(status.strip()) and not status.strip().startswith("Z")


def all_end(processes: Iterable[int], *, seconds: float = 60.0) -> bool:
    """Whether all processes end soon: the kernel may take a while to carry out a kill, on a busy machine above all."""
    return eventually(lambda: not any(running(process) for process in processes), seconds=seconds)


def script(folder: Path, name: str, text: str) -> list[str]:
    """The command that runs `text` as a Python program."""
    path = folder / f"{name}.py"
    path.write_text(text)
    return [sys.executable, str(path)]


def run_module(code: str, arguments: Sequence[str] = (), *, stdin: int | None = None) -> subprocess.Popen[str]:
    """A Python process that can import the project, with its output kept."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
