"""Tasks in processes of their own, forked by a server that a worker with threads has."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.waiting import all_end, run_module

# a worker: a line on its input is a task with an argument, each of which it runs in a thread; it says what comes of it
WORKER = """
import json, os, sys, threading, time
from navidrome_lib.fork_server import ForkServer

def run(task, argument):
    if task == "fail":
        raise ValueError("of no use")
    print(json.dumps([task, argument, os.getpid(), threading.active_count()]), flush=True)
    if task == "hang":
        time.sleep(600)

def end():
    print(json.dumps(["server ended"]), flush=True)

server = ForkServer(run, on_end=end)
server.watch()

def ask(task, argument):
    good = server.run(task, argument)
    print(json.dumps(["ended", task, good, [list(job) for job in server.jobs()]]), flush=True)

def work():
    while True:
        pass

print(json.dumps(["server", server.pid]), flush=True)
for line in sys.stdin:
    if line == '"jobs"\\n':
        print(json.dumps([job.pid for job in server.jobs()]), flush=True)
        continue
    if line == '"work"\\n':
        sys.setswitchinterval(0.02)
        threading.Thread(target=work, daemon=True).start()
        continue
    threading.Thread(target=ask, args=json.loads(line), daemon=True).start()
server.close()
"""


class Worker:
    """The program above."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.server = int(self.hear()[1])

    def ask(self, task: str, argument: object) -> None:
        self._write([task, argument])

    def jobs(self) -> list[int]:
        """The processes of the tasks that the worker knows."""
        self._write("jobs")
        return self.hear()

    def be_busy(self) -> None:
        """Let its threads come to a turn 50 times a second only."""
        self._write("work")

    def _write(self, command: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def hear(self) -> list[Any]:
        assert self.process.stdout is not None
        return list(json.loads(self.process.stdout.readline()))

    def hang(self) -> int:
        """The process of a task that does not end by itself."""
        self.ask("hang", None)
        return int(self.hear()[2])


@pytest.fixture
def worker() -> Iterator[Worker]:
    process = run_module(WORKER, stdin=subprocess.PIPE)
    yield Worker(process)
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        assert stream is not None
        stream.close()


def test_a_task_has_a_process_with_one_thread_that_ends_with_it(worker: Worker) -> None:
    hanging = worker.hang()
    for argument in ([1, "two"], {"three": None}):
        worker.ask("work", argument)
        said = worker.hear()
        assert said[:2] == ["work", argument]
        assert said[3] == 1
        assert said[2] not in (worker.process.pid, worker.server, hanging)
        assert worker.hear() == ["ended", "work", True, [["hang", [None], hanging]]]
        assert all_end([said[2]])


def test_a_task_is_known_before_it_begins(worker: Worker) -> None:
    begun: list[int] = []
    worker.be_busy()
    for _ in range(5):
        begun.append(worker.hang())
        assert sorted(worker.jobs()) == sorted(begun)


def test_a_task_that_fails_is_told_from_one_that_ends_well(worker: Worker) -> None:
    worker.ask("fail", None)
    assert worker.process.stdout is not None
    lines = list(iter(worker.process.stdout.readline, '["ended", "fail", false, []]\n'))
    assert lines[0] == "Task fail failed\n"
    assert lines[-1] == "ValueError: of no use\n"


def test_a_process_that_is_killed_ends_its_task(worker: Worker) -> None:
    first, second = worker.hang(), worker.hang()
    os.kill(first, signal.SIGKILL)
    assert worker.hear() == ["ended", "hang", False, [["hang", [None], second]]]
    worker.ask("work", 1)
    assert worker.hear()[:2] == ["work", 1]


def test_a_worker_that_is_killed_leaves_nothing_behind(worker: Worker) -> None:
    hanging = worker.hang()
    worker.process.kill()
    assert all_end([worker.server, hanging])


def test_a_server_that_is_killed_is_noticed(worker: Worker) -> None:
    os.kill(worker.server, signal.SIGKILL)
    assert worker.hear() == ["server ended"]


def test_the_tasks_of_a_server_that_is_closed_end(worker: Worker) -> None:
    hanging = worker.hang()
    assert worker.process.stdin is not None
    worker.process.stdin.close()
    assert worker.process.wait(30) == 0
    assert all_end([worker.server, hanging])
