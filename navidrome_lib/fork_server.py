"""A process that forks: long tasks of a worker with threads run in processes that end with them.

What is forked from a process with threads may wait for ever for a lock that one of them held at that moment. The fork
server has one thread: it is forked from the worker before that has others.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any, Final, NamedTuple, NoReturn

logger = logging.getLogger(__name__)

MESSAGE_BYTES: Final = 65_536
_GO: Final = b"\n"
_DONE: Final = b"done\n"


class Job(NamedTuple):
    """A task that runs in a process of its own."""

    task: str
    arguments: tuple[Any, ...]
    pid: int


class ForkServer:
    """The worker's end. Any thread may run tasks, each of which waits for its own."""

    def __init__(self, run: Callable[..., None], *, on_end: Callable[[], None]) -> None:
        """Fork it from this process, which must have no other threads.

        `run` is called in a new process with the name of a task and its arguments. `on_end` is called in a thread when
        the server was ended from outside: no task can run any more.
        """
        self._control, theirs = socket.socketpair()
        self._turn = threading.Lock()
        self._jobs: dict[int, Job] = {}
        self.pid = os.fork()
        if self.pid == 0:
            self._control.close()
            _serve(theirs, run)
        theirs.close()
        self._on_end = on_end

    def watch(self) -> None:
        """Notice, in a thread of its own, when the server ends."""
        threading.Thread(target=self._watch, name="fork-server", daemon=True).start()

    def run(self, task: str, *arguments: Any) -> bool:
        """Run a task and wait for its end; False when it failed, which its process has logged, or was killed."""
        ours, theirs = socket.socketpair()
        with ours, ours.makefile("rb") as answers:
            with self._turn:
                # one message at a time: the next one is sent when the process of this one is there
                with theirs:
                    socket.send_fds(self._control, [json.dumps([task, arguments]).encode()], [theirs.fileno()])
                said = answers.readline()
            if not said:
                return False
            pid = int(said)
            self._jobs[pid] = Job(task, arguments, pid)
            try:
                with contextlib.suppress(OSError):  # it was ended before it began
                    ours.sendall(_GO)
                return answers.readline() == _DONE
            finally:
                del self._jobs[pid]

    def jobs(self) -> list[Job]:
        """The tasks that run now; none runs that is not among them."""
        return list(self._jobs.values())

    def close(self) -> None:
        """End the server and what still runs."""
        self._on_end = lambda: None
        self._control.shutdown(socket.SHUT_RDWR)
        self._control.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def _watch(self) -> None:
        with contextlib.suppress(OSError):
            self._control.recv(1)  # it never says anything
        self._on_end()


def _serve(control: socket.socket, run: Callable[..., None]) -> NoReturn:
    """Fork a process for each message; end with the worker, and all processes with it."""
    running: set[int] = set()

    def reap(*_: object) -> None:
        with contextlib.suppress(ChildProcessError):
            while pid := os.waitpid(-1, os.WNOHANG)[0]:
                running.discard(pid)

    signal.signal(signal.SIGCHLD, reap)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        while True:
            message, descriptors, _, _ = socket.recv_fds(control, MESSAGE_BYTES, 1)
            if not message:
                break
            answer = socket.socket(fileno=descriptors[0])
            # a process that ends at once is not forgotten before it is known
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
            pid = os.fork()
            if pid == 0:
                control.close()
                _perform(answer, run, *json.loads(message))
            running.add(pid)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            answer.close()
    finally:
        for pid in running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os._exit(0)


def _perform(answer: socket.socket, run: Callable[..., None], task: str, arguments: list[Any]) -> NoReturn:
    """Run one task in this process, which ends with it."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        answer.sendall(b"%d\n" % os.getpid())
        if answer.recv(len(_GO)):
            run(task, *arguments)
            answer.sendall(_DONE)
            code = 0
    except Exception:
        logger.exception("Task %s failed", task)
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
