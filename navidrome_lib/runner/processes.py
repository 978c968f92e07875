"""Child processes that always end: each is the leader of its own group, and a sentinel ends the group when we die."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Self

from navidrome_lib.runner import guard
from navidrome_lib.runner.command import Command
from navidrome_lib.runner.forked import Forked
from navidrome_lib.runner.outputs import LineSink, Outputs, as_text

GUARD = [sys.executable, "-I", "-S", guard.__file__]
POLL = 0.05
LAST_WORDS = 2.0
HURRIED = 1.0  # enough for a broker to write what it holds


def never() -> bool:
    return False


class Sentinel:
    """A small process that ends every announced process group as soon as this process is gone."""

    def __init__(self, *, keep_open: Sequence[int] = ()) -> None:
        """`keep_open`: descriptors, such as a lock, that stay open until the last group has ended."""
        self._keep_open = tuple(keep_open)
        self._process: subprocess.Popen[bytes] | None = None
        self._groups: set[int] = set()

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(self, *error: object) -> None:
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            process.wait()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def descriptor(self) -> int:
        """The pipe on which a child announces itself."""
        assert self._process is not None
        assert self._process.stdin is not None
        return self._process.stdin.fileno()

    def added(self, group: int) -> None:
        """Remember a group that announced itself, for the next sentinel should this one die."""
        self._groups.add(group)

    def removed(self, group: int) -> None:
        """The group ended: its number may now belong to a stranger."""
        self._groups.discard(group)
        self._tell(f"del {group}\n")

    def revive(self) -> None:
        """Start the sentinel again if something ended it."""
        if self._process is not None and self._process.poll() is not None:
            self._start()
            for group in self._groups:
                self._tell(f"add {group}\n")

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [*GUARD, "watch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            pass_fds=self._keep_open,
        )

    def _tell(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self.descriptor(), line.encode())


class Child:
    """One running command. Its output goes line by line to `sink`: by `outputs`, or else by a thread."""

    def __init__(self, command: Command, sentinel: Sentinel, sink: LineSink, *, outputs: Outputs | None = None) -> None:
        self.command = command
        self.started = time.monotonic()
        self._sentinel = sentinel
        self._sink = sink
        self._outputs = outputs
        self._process = self._start()
        sentinel.added(self._process.pid)
        self._reader: threading.Thread | None = None
        if outputs is None:
            self._reader = threading.Thread(target=self._forward, name=f"{command.name}-output", daemon=True)
            self._reader.start()
        else:
            outputs.add(self._output(), sink)

    def _start(self) -> subprocess.Popen[bytes] | Forked:
        command, pipe = self.command, self._sentinel.descriptor()
        if command.is_loaded and self._outputs is not None:
            return Forked(command, pipe)
        user = "-" if command.user is None else f"{command.user[0]}:{command.user[1]}"
        return subprocess.Popen(
            [*GUARD, "exec", str(pipe), str(os.getpid()), user, str(command.nice), *command.argv],
            env=dict(command.env),
            cwd=command.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(pipe, *command.pass_fds),
        )

    def _output(self) -> int:
        if isinstance(self._process, Forked):
            return self._process.output
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ended(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    def wait(self, seconds: float, hurry: Callable[[], bool] = never) -> int | None:
        """The exit code once it ended; None if it still runs after `seconds`, or a shorter while when `hurry` asks."""
        start = time.monotonic()
        while self.ended() is None and time.monotonic() - start < (min(seconds, HURRIED) if hurry() else seconds):
            if self._outputs is None:
                time.sleep(POLL)
            else:
                self._outputs.wait(POLL)
        return self.ended()

    def stop(self, hurry: Callable[[], bool] = never) -> int:
        """End it by the steps of its command, and its whole group in any case; the exit code."""
        for number, seconds in self.command.stop:
            if self.ended() is not None:
                break
            self._process.send_signal(number)
            self.wait(seconds, hurry)
        return self.clean_up()

    def clean_up(self) -> int:
        """Kill what is left of the group, and wait until its last words were forwarded."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        code = self._process.wait()
        self._sentinel.removed(self._process.pid)
        if self._reader is not None:
            self._reader.join(timeout=LAST_WORDS)
        elif self._outputs is not None:
            self._outputs.finish(self._output(), LAST_WORDS)
            self._close()
        return code

    def _close(self) -> None:
        if isinstance(self._process, Forked):
            self._process.close()
        elif self._process.stdout is not None:
            self._process.stdout.close()

    def _forward(self) -> None:
        assert isinstance(self._process, subprocess.Popen)
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                self._sink(as_text(line))


def describe_exit(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
