"""Processes of ours that work on the test's own database, with a broker of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connection

from devtools.checks import running_broker
from navidrome_lib.celery import app
from navidrome_lib.config import conf
from navidrome_lib.runner import services
from navidrome_lib.runner.broker import answers, configure
from navidrome_lib.runner.console import Console
from navidrome_lib.runner.processes import Child, Sentinel
from navidrome_lib.runner.services import REPOSITORY
from tests.support.waiting import eventually


def database_url() -> str:
    """The address of the database that the tests use."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    user = ":".join(quote(str(found[key]), safe="") for key in ("USER", "PASSWORD") if found[key])
    host, port = quote(str(found["HOST"] or ""), safe=""), f":{found['PORT']}" if found["PORT"] else ""
    return f"postgresql://{user}{'@' if user else ''}{host}{port}/{found['NAME']}"


def environment(data: Path, **more: str) -> dict[str, str]:
    """The environment of a process that works on the test's database."""
    data.mkdir(parents=True, exist_ok=True)
    own = {"DATABASE_URL": database_url(), "ND_DATAFOLDER": str(data), "PYTHONPATH": str(REPOSITORY)}
    return {**os.environ, **own, "PYTHONUNBUFFERED": "1", **more}


def send_to(url: str) -> None:
    """Let this process deliver to another broker: connections to the last one are kept in pools, as after a fork."""
    application: Any = app
    application.conf.broker_url = url
    application._after_fork()


class Restartable:
    """A broker that can die and come back at the same address; used by this process too."""

    def __init__(self, folder: Path, sentinel: Sentinel) -> None:
        self._own = configure(folder, dict(os.environ))
        self._sentinel = sentinel
        self.url = self._own.url
        self.start()

    def start(self) -> None:
        self._child = Child(self._own.command, self._sentinel, lambda line: None)
        assert eventually(lambda: answers(self.url), seconds=60)

    def kill(self) -> None:
        os.kill(self._child.pid, signal.SIGKILL)
        self._child.clean_up()


@contextmanager
def restartable_broker(folder: Path) -> Iterator[Restartable]:
    before = str(app.conf.broker_url)
    with Sentinel() as sentinel:
        server = Restartable(folder, sentinel)
        send_to(server.url)
        try:
            yield server
        finally:
            send_to(before)
            server.kill()


@contextmanager
def broker(folder: Path) -> Iterator[str]:
    """A broker, used by this process too as long as the context lasts."""
    before = str(app.conf.broker_url)
    with Sentinel() as sentinel, running_broker(folder, dict(os.environ), sentinel, Console()) as url:
        send_to(url)
        try:
            yield url
        finally:
            send_to(before)


@contextmanager
def web_server(environ: dict[str, str], log: Path) -> Iterator[int]:
    """The port of a web server as `./script/serve` starts it, without the other services."""
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as output:
        command = services.web(conf.load(environ), environ, listener.fileno())
        running = subprocess.Popen(
            command.argv, env=environ, cwd=command.cwd, stdout=output, stderr=output, pass_fds=command.pass_fds,
            start_new_session=True,
        )  # fmt: skip
        try:
            yield int(listener.getsockname()[1])
        finally:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()


@contextmanager
def process(argv: list[str], environ: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, all of which is killed at the end; its output goes to `log`."""
    with log.open("wb") as output:
        running = subprocess.Popen(
            [sys.executable, *argv], env=environ, cwd=REPOSITORY, stdout=output, stderr=output, start_new_session=True
        )
        try:
            yield running
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()
