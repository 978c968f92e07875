"""A broker that is really started: it stores nothing, wants its password, and says why it does not start."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from navidrome_lib.runner import broker
from navidrome_lib.runner.console import Console
from navidrome_lib.runner.errors import Failed
from navidrome_lib.runner.serve import start_own_broker
from navidrome_lib.runner.supervisor import Supervisor


@contextmanager
def running(folder: Path) -> Iterator[redis.Redis]:
    own = broker.configure(folder, os.environ)
    with Supervisor(Console()) as supervisor:
        supervisor.start(own.command)
        assert supervisor.wait_until(lambda: broker.answers(own.url), seconds=60), broker.last_words(folder)
        with redis.Redis.from_url(own.url) as client:
            yield client


def test_nothing_is_stored(tmp_path: Path) -> None:
    folder = tmp_path / "a folder" / "bröker"
    folder.parent.mkdir()
    with running(folder) as client:
        client.rpush("celery", "waiting")
    assert {path.name for path in folder.iterdir()} == {"broker.conf", "broker.log"}
    with running(folder) as client:
        assert client.lrange("celery", 0, -1) == []


def test_what_an_earlier_version_stored_is_removed(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").mkdir()
    (tmp_path / "appendonlydir" / "appendonly.aof.1.incr.aof").write_bytes(b"not a log at all\r\n" * 4)
    (tmp_path / "appendonly.aof").write_bytes(b"")
    with running(tmp_path):
        assert not list(tmp_path.glob("appendonly*"))


def test_nobody_gets_in_without_the_password(tmp_path: Path) -> None:
    with running(tmp_path) as client:
        port = client.connection_pool.connection_kwargs["port"]
        assert not broker.answers(f"redis://127.0.0.1:{port}/0")
        assert not broker.answers(f"redis://:wrong@127.0.0.1:{port}/0")
    assert stat.S_IMODE((tmp_path / "broker.conf").stat().st_mode) == 0o600


def test_nothing_answers_where_nothing_listens() -> None:
    assert not broker.answers(f"redis://127.0.0.1:{broker.free_port()}/0")


def test_the_system_server_comes_before_the_packaged_one(tmp_path: Path) -> None:
    packaged = broker.find_server(path=str(tmp_path))
    assert os.access(packaged, os.X_OK)
    for name in ("redis-server", "valkey-server"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        assert broker.find_server(path=str(tmp_path)) == str(program)


def test_a_broker_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "valkey-server"
    program.write_text("#!/bin/sh\necho of no use >> broker.log\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with Supervisor(Console()) as supervisor, pytest.raises(Failed, match="exit code 1") as failed:
        start_own_broker(supervisor, tmp_path / "broker", os.environ)
    assert str(failed.value).endswith("\nof no use\nof no use\nof no use")


def test_the_log_of_a_broker_that_never_ran_is_empty(tmp_path: Path) -> None:
    assert broker.last_words(tmp_path) == ""
