"""Services that are forked from a supervisor: what they take from it, and what they do not."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from navidrome_lib.runner.command import Command
from navidrome_lib.runner.console import Console
from navidrome_lib.runner.errors import Failed
from navidrome_lib.runner.supervisor import Supervisor
from tests.support.waiting import all_end, eventually, run_module

# says what it finds, then does what its last argument asks for; at another signal than SIGTERM it would go on
SERVICE = """
import json, os, pathlib, signal, sys, threading, time
found = {
    "pid": os.getpid(), "argv": sys.argv[1:], "group": os.getpgrp(), "folder": os.getcwd(),
    "color": os.environ.get("COLOR"), "threads": threading.active_count(), "loaded": "a_large_module" in sys.modules,
    "handlers": [signal.getsignal(number) == signal.SIG_DFL for number in (signal.SIGTERM, signal.SIGCHLD)],
    "open": sorted(int(name) for name in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{name}"))
    if os.path.isdir("/proc/self/fd") else None,
}
print("a line")
print("no end", end="", flush=True)
path = pathlib.Path(sys.argv[1]) / f"{sys.argv[2]}.json"
path.with_suffix(".new").write_text(json.dumps(found))
path.with_suffix(".new").rename(path)
if sys.argv[3] == "stay":
    time.sleep(600)
sys.exit(int(sys.argv[3]))
"""
# a supervisor in a process of its own, which holds a lock and has loaded a module
SUPERVISOR = """
import fcntl, os, pathlib, sys
from navidrome_lib.runner.console import Console
from navidrome_lib.runner.command import Command
from navidrome_lib.runner.supervisor import Supervisor
folder = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(folder))
import a_large_module
lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
fcntl.flock(lock, fcntl.LOCK_EX)
kept = os.open(folder / "lock", os.O_RDONLY)
with Supervisor(Console(), keep_open=(lock,)) as supervisor:
    argv = [sys.executable, "-m", "a_service", str(folder), "web", "stay"]
    env = {**os.environ, "COLOR": "green"}
    supervisor.start(Command(name="web", argv=argv, env=env, cwd=folder / "home", pass_fds=(kept,), is_loaded=True))
    supervisor.watch()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a_service.py").write_text(SERVICE)
    (tmp_path / "a_large_module.py").write_text("")
    (tmp_path / "home").mkdir()
    return tmp_path


@pytest.fixture
def supervisor(folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = run_module(SUPERVISOR, [str(folder)])
    yield process
    process.kill()
    process.communicate()


def found(folder: Path, name: str = "web") -> dict[str, Any]:
    """What the service said of itself."""
    path = folder / f"{name}.json"
    assert eventually(path.exists)
    said = dict(json.loads(path.read_text()))
    path.unlink()
    return said


def test_a_service_is_its_own_process_with_the_code_of_the_supervisor(
    folder: Path, supervisor: subprocess.Popen[str]
) -> None:
    said = found(folder)
    assert (said["argv"], said["color"], said["folder"]) == (
        [str(folder), "web", "stay"],
        "green",
        str(folder / "home"),
    )
    assert (said["group"], said["threads"], said["loaded"], said["handlers"]) == (said["pid"], 1, True, [True, True])
    if said["open"] is not None:
        # input, output, errors, and the one that was passed
        assert (len(said["open"]), said["open"][:3]) == (4, [0, 1, 2])
    if sys.platform == "linux":
        assert Path(f"/proc/{said['pid']}/comm").read_text() == "nd-web\n"
    supervisor.send_signal(signal.SIGTERM)
    output, _ = supervisor.communicate(timeout=60)
    assert supervisor.returncode == 0
    assert output.splitlines() == ["web     | a line", "web     | no end", "web stopped (signal SIGTERM)."]
    assert all_end([said["pid"]])


def test_one_that_was_killed_is_forked_again(folder: Path, supervisor: subprocess.Popen[str]) -> None:
    first = found(folder)
    os.kill(first["pid"], signal.SIGKILL)
    second = found(folder)
    assert second["pid"] != first["pid"]
    assert second["loaded"]


def test_a_killed_supervisor_leaves_neither_services_nor_the_lock(
    folder: Path, supervisor: subprocess.Popen[str]
) -> None:
    said = found(folder)
    supervisor.kill()
    assert all_end([said["pid"]])

    def is_free() -> bool:
        with (folder / "lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return False
            return True

    assert eventually(is_free)


def test_the_exit_code_is_that_of_the_module(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(folder))

    def command(code: int) -> Command:
        argv = [sys.executable, "-m", "a_service", str(folder), "web", str(code)]
        return Command(name="web", argv=argv, env=os.environ, cwd=folder, is_loaded=True)

    with Supervisor(Console()) as supervisor:
        supervisor.run(command(0))
        with pytest.raises(Failed, match="web ended with exit code 3"):
            supervisor.run(command(3))
        broken = Command(name="bad", argv=[sys.executable, "-m", "none"], env=os.environ, cwd=folder, is_loaded=True)
        with pytest.raises(Failed, match="bad ended with exit code 1"):
            supervisor.run(broken)
    assert "bad     | ImportError: No module named none\n" in capfd.readouterr().out
