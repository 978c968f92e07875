"""The supervisor with real child processes: order, restart, bounded stop, and no orphan whatever happens to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from navidrome_lib.runner.command import Command, StopSteps
from navidrome_lib.runner.console import Console
from navidrome_lib.runner.errors import Failed
from navidrome_lib.runner.supervisor import Supervisor
from tests.support.waiting import all_end, eventually, run_module, running, script

# writes its name when it is asked to stop; its grandchild stands for a pool process
POLITE = """
import pathlib, signal, subprocess, sys, time
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
def stop(*_):
    with open(folder / "stopped", "a") as log:
        log.write(name + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
(folder / (name + ".pids")).write_text(f"{__import__('os').getpid()} {grandchild.pid}")
print("started", flush=True)
while True:
    time.sleep(0.05)
"""
STUBBORN = POLITE.replace("sys.exit(0)", "return")

# a whole supervisor in a process of its own: sys.argv is the folder, then the names of its services
SUPERVISOR = """
import os, pathlib, signal, sys
from navidrome_lib.runner.console import Console
from navidrome_lib.runner.command import Command
from navidrome_lib.runner.supervisor import Supervisor
folder = pathlib.Path(sys.argv[1])
signal.signal(signal.SIGHUP, signal.SIG_IGN if os.environ.get("NOHUP") else signal.SIG_DFL)
with Supervisor(Console()) as supervisor:
    for name in sys.argv[2:]:
        argv = [sys.executable, str(folder / "service.py"), str(folder), name]
        stop = ((signal.SIGTERM, float(os.environ.get("PATIENCE", "5"))),)
        supervisor.start(Command(name=name, argv=argv, env=os.environ, cwd=folder, stop=stop))
    supervisor.watch()
"""


@pytest.fixture
def supervisors() -> Iterator[list[subprocess.Popen[str]]]:
    """Supervisors that a test started; none is left behind."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def start_supervisor(folder: Path, *names: str, program: str = POLITE) -> subprocess.Popen[str]:
    script(folder, "service", program)
    process = run_module(SUPERVISOR, [str(folder), *names])
    assert eventually(lambda: all(has_started(folder, name) for name in names))
    assert eventually(lambda: all(pids(folder, name) for name in names))
    return process


def has_started(folder: Path, name: str) -> bool:
    """Whether a program has said which its processes are; the file is there a moment before they are in it."""
    return (folder / f"{name}.pids").exists() and bool(pids(folder, name))


def pids(folder: Path, name: str) -> list[int]:
    return [int(part) for part in (folder / f"{name}.pids").read_text().split()]


def command(folder: Path, name: str, text: str, stop: StopSteps = ((signal.SIGTERM, 5.0),)) -> Command:
    return Command(
        name=name, argv=[*script(folder, name, text), str(folder), name], env=os.environ, cwd=folder, stop=stop
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_in_the_opposite_order(
    tmp_path: Path, supervisors: list[subprocess.Popen[str]], number: signal.Signals
) -> None:
    process = start_supervisor(tmp_path, "broker", "worker", "beat", "web")
    supervisors.append(process)
    everything = [pid for name in ("broker", "worker", "beat", "web") for pid in pids(tmp_path, name)]
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert (tmp_path / "stopped").read_text().split() == ["web", "beat", "worker", "broker"]
    assert all_end(everything)


def test_a_server_started_with_nohup_outlives_the_terminal(
    tmp_path: Path, supervisors: list[subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOHUP", "1")
    process = start_supervisor(tmp_path, "web")
    supervisors.append(process)
    process.send_signal(signal.SIGHUP)
    assert not eventually(lambda: process.poll() is not None, seconds=0.5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    assert (tmp_path / "stopped").read_text() == "web\n"


@pytest.mark.parametrize("program", [POLITE, STUBBORN], ids=["polite", "stubborn"])
def test_no_process_survives_a_killed_supervisor(
    tmp_path: Path, supervisors: list[subprocess.Popen[str]], program: str
) -> None:
    process = start_supervisor(tmp_path, "worker", "web", program=program)
    supervisors.append(process)
    everything = [pid for name in ("worker", "web") for pid in pids(tmp_path, name)]
    assert all(running(pid) for pid in everything)
    process.kill()
    assert all_end(everything)


def test_a_killed_sentinel_is_replaced_and_still_protects(
    tmp_path: Path, supervisors: list[subprocess.Popen[str]]
) -> None:
    process = start_supervisor(tmp_path, "worker")
    supervisors.append(process)
    [sentinel] = watchers(process.pid)
    os.kill(sentinel, signal.SIGKILL)
    assert eventually(lambda: watchers(process.pid) not in ([], [sentinel]))
    everything = pids(tmp_path, "worker")
    process.kill()
    assert all_end(everything)


def watchers(parent: int) -> list[int]:
    """The sentinels of a supervisor."""
    look = ["ps", "-ww", "-eo", "pid=,ppid=,stat=,args="]
    rows = [line.split(None, 3) for line in subprocess.check_output(look, text=True).splitlines()]
    ours = [row for row in rows if int(row[1]) == parent and not row[2].startswith("Z")]
    return [int(row[0]) for row in ours if row[3].endswith("guard.py watch")]


def test_a_crashed_service_is_started_again(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with Supervisor(Console()) as supervisor:
        supervisor.start(command(tmp_path, "worker", POLITE))
        assert supervisor.wait_until(lambda: has_started(tmp_path, "worker"), seconds=60)
        first, grandchild = pids(tmp_path, "worker")
        os.kill(first, signal.SIGKILL)
        assert supervisor.wait_until(lambda: supervisor.pids().get("worker", first) != first, seconds=60)
        assert all_end([grandchild])
        assert supervisor.wait_until(lambda: pids(tmp_path, "worker")[0] == supervisor.pids()["worker"], seconds=60)
    assert "worker ended with signal SIGKILL; starting it again in 1 s." in capfd.readouterr().out


def test_a_service_that_never_comes_up_ends_the_start(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with Supervisor(Console()) as supervisor:
        supervisor.start(command(tmp_path, "web", "print('no such setting', flush=True); raise SystemExit(7)"))
        with pytest.raises(Failed, match=r"web ended 3 times \(exit code 7\)"):
            supervisor.wait_until(lambda: False, seconds=60)
    assert capfd.readouterr().out.count("web     | no such setting") == 3


def test_a_service_that_ignores_the_signal_is_killed_in_time(tmp_path: Path) -> None:
    with Supervisor(Console()) as supervisor:
        supervisor.start(command(tmp_path, "worker", STUBBORN, stop=((signal.SIGTERM, 0.3),)))
        assert supervisor.wait_until(lambda: has_started(tmp_path, "worker"), seconds=60)
        everything = pids(tmp_path, "worker")
    assert all_end(everything)


def test_a_second_signal_shortens_the_stop(
    tmp_path: Path, supervisors: list[subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATIENCE", "50")
    process = start_supervisor(tmp_path, "worker", program=STUBBORN)
    supervisors.append(process)
    process.send_signal(signal.SIGINT)
    assert eventually((tmp_path / "stopped").exists)
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    assert process.wait(timeout=60) == 0
    assert time.monotonic() - started < 30  # its command allows fifty
    assert all_end(pids(tmp_path, "worker"))


def test_a_command_that_fails_is_reported_with_what_it_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with Supervisor(Console()) as supervisor:
        supervisor.run(command(tmp_path, "good", "print('all well')"))
        with pytest.raises(Failed, match="bad ended with exit code 3"):
            supervisor.run(command(tmp_path, "bad", "raise SystemExit(3)"))
    assert "good    | all well" in capfd.readouterr().out


def test_something_is_done_while_a_command_runs(tmp_path: Path) -> None:
    go, waits = tmp_path / "go", "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.02)"
    with Supervisor(Console()) as supervisor:
        supervisor.run(command(tmp_path, "waits", waits), meanwhile=go.touch)  # it would never end before that


def test_a_command_is_stopped_when_what_is_done_meanwhile_fails(tmp_path: Path) -> None:
    started: list[int] = []

    def fail() -> None:
        assert eventually(lambda: has_started(tmp_path, "web"))
        started.extend(pids(tmp_path, "web"))
        raise Failed("no memory")

    script(tmp_path, "service", POLITE)
    argv = [sys.executable, str(tmp_path / "service.py"), str(tmp_path), "web"]
    with Supervisor(Console()) as supervisor, pytest.raises(Failed, match="no memory"):
        supervisor.run(Command(name="web", argv=argv, env=os.environ, cwd=tmp_path), meanwhile=fail)
    assert len(started) == 2
    assert all_end(started)


def test_a_program_that_does_not_exist_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    absent = Command(name="absent", argv=["/no/such/program"], env=os.environ, cwd=tmp_path)
    with Supervisor(Console()) as supervisor, pytest.raises(Failed, match="exit code 1"):
        supervisor.run(absent)
    assert "/no/such/program: No such file or directory" in capfd.readouterr().out


def test_a_reader_of_the_output_that_goes_away_does_not_stop_the_server(tmp_path: Path) -> None:
    code = SUPERVISOR.replace("supervisor.watch()", "supervisor.wait_until((folder / 'go').exists, seconds=60)")
    script(tmp_path, "service", POLITE.replace("time.sleep(0.05)", "time.sleep(0.05); print('a line', flush=True)"))
    process = run_module(code, [str(tmp_path), "web"])
    assert eventually(lambda: has_started(tmp_path, "web"))
    assert process.stdout is not None
    process.stdout.close()
    (tmp_path / "go").touch()
    assert process.wait(timeout=60) in {0, 120}  # 120: Python could not flush its closed output
    assert (tmp_path / "stopped").read_text() == "web\n"
    assert sys.platform != "linux" or all_end(pids(tmp_path, "web"))
