"""The real command: it becomes ready, answers, stops in order, and leaves nothing behind when it is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from navidrome_lib.runner.services import WORKER_NICE
from tests.support.server import Server
from tests.support.waiting import all_end, eventually

pytestmark = pytest.mark.servers

LAST_NICE = 19
SERVICES = ("broker", "worker", "web")


def fork_server_of(server: Server) -> int:
    """The child of the worker; a task that runs by chance is a child of that child."""
    look = ["ps", "-o", "pid=,ppid=,comm=", "-p", ",".join(map(str, server.family()))]
    rows = [line.split() for line in subprocess.check_output(look, text=True).splitlines()]
    workers = {pid: parent for pid, parent, name in rows if name == "nd-worker"}
    [worker] = [pid for pid, parent in workers.items() if parent not in workers]
    [found] = [pid for pid, parent in workers.items() if parent == worker]
    return int(found)


def test_the_command_serves_stops_in_order_and_starts_again_after_a_kill(tmp_path: Path, servers: list[Server]) -> None:
    server = Server(tmp_path)
    servers.append(server)
    server.wait_until_it_says("Press Ctrl-C to stop.")
    home = f"http://localhost:{server.port}"
    code = (tmp_path / "a data folder" / "setup_code").read_text()
    assert f"  {home}/setup?code={code}\n" in server.output()
    assert server.output().count("/setup?code=") == 1
    with urllib.request.urlopen(f"{home}/api/keepalive/", timeout=60) as answer:  # noqa: S310 - our own address
        assert json.load(answer) == {"response": "ok", "id": "keepalive"}
    assert {path for path in (tmp_path / "a data folder").rglob("*") if path.lstat().st_mode & 0o077} == set()
    family = server.family()
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(timeout=60) == 0, server.output()
    stopped = [line.split()[0] for line in server.output().splitlines() if " stopped (" in line]
    assert stopped == list(reversed(SERVICES))
    assert all_end(family)

    again = Server(tmp_path, environ={"ND_ALLOWEDHOSTS": "localhost,127.0.0.1"})
    servers.append(again)
    again.wait_until_it_says(" ready.")  # the worker has its fork server by then
    again.wait_until_it_says("Press Ctrl-C to stop.")
    strange = urllib.request.Request(f"http://localhost:{again.port}/login/", headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(strange, timeout=60)  # noqa: S310 - our own address
    assert eventually(lambda: "'evil.example' (ND_ALLOWEDHOSTS" in again.output()), again.output()
    assert "Traceback" not in again.output()
    family = again.family()
    assert len(family) >= 6  # sentinel, broker, worker and its fork server, web and its worker
    own = os.getpriority(os.PRIO_PROCESS, again.process.pid)
    behind = [process for process in family if os.getpriority(os.PRIO_PROCESS, process) > own]
    # who waits for an answer goes before the worker, its fork server and a task that it may have begun with, unless
    # there is no place behind the server
    assert len(behind) >= 2 if own < LAST_NICE else not behind
    assert {os.getpriority(os.PRIO_PROCESS, process) for process in behind} <= {min(own + WORKER_NICE, LAST_NICE)}
    if sys.platform == "linux":
        os.kill(fork_server_of(again), signal.SIGKILL)
        assert eventually(lambda: again.output().count(" ready.") == 2), again.output()
        assert "worker ended with exit code 1; starting it again in 1 s." in again.output()
        family = again.family()
    again.process.kill()
    assert all_end(family)
    assert (tmp_path / "a data folder" / "logs" / "server.log").stat().st_size > 0
