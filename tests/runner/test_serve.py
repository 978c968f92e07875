"""The real command: it becomes ready, answers, stops in order, and leaves nothing behind when it is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from navidrome_lib.runner.broker import free_port
from navidrome_lib.runner.services import REPOSITORY
from tests.runner.helpers import eventually, running

SERVICES = ("broker", "worker", "beat", "web")


class Server:
    """The server as a person starts it, with its output in a file."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.port = free_port()
        self.log = folder / "output.log"
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith("ND_") and "_URL" not in name
        }
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "navidrome_lib.runner", "serve", "--port", str(self.port), *arguments],
                cwd=folder,
                env={**environ, "PYTHONPATH": str(REPOSITORY), "ND_DATAFOLDER": "a data folder"},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def output(self) -> str:
        return self.log.read_text()

    def wait_until_it_says(self, text: str) -> None:
        assert eventually(lambda: text in self.output() or self.process.poll() is not None, seconds=60)
        assert self.process.poll() is None, self.output()

    def family(self) -> set[int]:
        """Every process that this server started, however deep."""
        rows = subprocess.check_output(["ps", "-eo", "pid=,ppid="], text=True).split()
        parent = dict(zip(map(int, rows[::2]), map(int, rows[1::2]), strict=True))
        found = {self.process.pid}
        while more := {child for child, its in parent.items() if its in found} - found:
            found |= more
        return found - {self.process.pid}


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    started: list[Server] = []
    yield started
    for server in started:
        server.process.kill()
        server.process.wait()


def test_the_command_serves_stops_in_order_and_starts_again_after_a_kill(tmp_path: Path, servers: list[Server]) -> None:
    server = Server(tmp_path)
    servers.append(server)
    server.wait_until_it_says("Press Ctrl-C to stop.")
    home = f"http://localhost:{server.port}"
    assert f"navidrome-lib is ready: {home}/\n" in server.output()
    assert f"{home}/auth/createAdmin" in server.output()
    with urllib.request.urlopen(f"{home}/api/keepalive/", timeout=5) as answer:  # noqa: S310 - our own address
        assert json.load(answer) == {"response": "ok", "id": "keepalive"}
    family = server.family()
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(timeout=30) == 0, server.output()
    stopped = [line.split()[0] for line in server.output().splitlines() if " stopped (" in line]
    assert stopped == list(reversed(SERVICES))
    assert [process for process in family if running(process)] == []

    again = Server(tmp_path)
    servers.append(again)
    again.wait_until_it_says(" ready.")  # the worker has its pool by then
    family = again.family()
    assert len(family) >= 8  # sentinel, broker, worker and two of its pool, beat, web and its worker
    again.process.kill()
    assert eventually(lambda: not any(running(process) for process in family), seconds=12)
    assert (tmp_path / "a data folder" / "logs" / "server.log").stat().st_size > 0
