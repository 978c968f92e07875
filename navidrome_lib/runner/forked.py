"""Services that are forked from the supervisor, which has loaded their code: they share its memory, and start at once.

In a forked service the command of the supervisor stands in the list of processes; its name (`ps -o comm`) tells it
apart.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Sequence
from typing import TextIO

from navidrome_lib.runner import guard
from navidrome_lib.runner.command import Command

PR_SET_NAME = 15
NAME_BYTES = 15
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_FORK = multiprocessing.get_context("fork")


class Forked:
    """A process that runs the module of a command; to its owner it is what a `subprocess.Popen` is."""

    def __init__(self, command: Command, sentinel: int) -> None:
        """`sentinel`: the pipe on which it announces itself."""
        self.output, write = os.pipe()
        self._process = _FORK.Process(target=become, args=(command, sentinel, os.getpid(), write), name=command.name)
        # a signal between the fork and the end of its handlers would be lost in the child
        before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            os.close(write)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.exitcode

    def wait(self) -> int:
        """The exit code, once it has ended."""
        self._process.join()
        code = self._process.exitcode
        assert code is not None
        return code

    def close(self) -> None:
        """Let go of a process that has ended."""
        os.close(self.output)
        self._process.close()

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def become(command: Command, sentinel: int, parent: int, output: int) -> None:
    """Turn a copy of the supervisor into a service; the exit code is that of its module."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number in STOP_SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # of a server that outlives its terminal
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    os.setsid()
    guard.announce(sentinel)
    _take_descriptors(output, command.pass_fds)
    os.environ.update(command.env)
    os.chdir(command.cwd)
    guard.step_back(command.nice)
    _set_name(f"nd-{command.name}")
    guard.end_with(parent)
    sys.argv = list(command.argv[2:])
    runpy.run_module(command.argv[2], run_name="__main__", alter_sys=True)


def _take_descriptors(output: int, passed: Sequence[int]) -> None:
    """Nothing on the standard input, output and errors to the supervisor, and of all others only those that it passes.

    Above all not the lock of the data folder: it is to be free as soon as the supervisor and the sentinel are gone.
    """
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for descriptor in set(_open_descriptors()) - {0, 1, 2, *passed}:
        with contextlib.suppress(OSError):  # the one by which they were listed
            os.close(descriptor)
    # new objects: those of the supervisor may hold what a closed terminal did not take
    sys.stdout, sys.stderr = _lines_to(1), _lines_to(2)


def _open_descriptors() -> list[int]:
    """All descriptors of this process, without trying each of a limit that may be a billion."""
    try:
        return [int(name) for name in os.listdir("/dev/fd")]
    except OSError:
        return list(range(min(os.sysconf("SC_OPEN_MAX"), 4096)))


def _lines_to(descriptor: int) -> TextIO:
    return open(descriptor, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)


def _set_name(name: str) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            ctypes.CDLL(None, use_errno=True).prctl(PR_SET_NAME, name.encode()[:NAME_BYTES], 0, 0, 0)
