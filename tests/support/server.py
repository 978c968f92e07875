"""The real command in a test."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from navidrome_lib.runner.broker import free_port
from navidrome_lib.runner.services import REPOSITORY
from tests.support.waiting import eventually

DATA = "a data folder"


def make_database(folder: Path) -> Path:
    """A new SQLite database with all tables and no rows of ours, as the server itself makes it.

    Of several runs that have this folder, the first one makes it; the others wait.
    """
    made = folder / "navidrome-lib.db"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            environ = {
                name: value for name, value in os.environ.items() if not name.startswith("ND_") and "_URL" not in name
            }
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "--verbosity=0"],
                cwd=REPOSITORY, env={**environ, "ND_DATAFOLDER": str(folder / "data")}, check=True,
            )  # fmt: skip
            (folder / "data" / made.name).rename(made)
    return made


def put_database(database: Path, data: Path) -> None:
    """Put a copy of the database into a data folder, which is made if it is not there."""
    data.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(database, data / database.name)
    (data / database.name).chmod(0o600)


class Server:
    """The server as a person starts it, with its output in a file."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        environ: Mapping[str, str] | None = None,
        command: str = "serve",
        database: Path | None = None,
    ) -> None:
        """`database`: one that is migrated, which spares a start that is not about the first one five seconds."""
        if database:
            put_database(database, folder / DATA)
        self.port = free_port()
        self.log = folder / "output.log"
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith("ND_") and "_URL" not in name
        }
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "navidrome_lib.runner", command, "--port", str(self.port), *arguments],
                cwd=folder,
                env={
                    **inherited,
                    "PYTHONPATH": str(REPOSITORY),
                    "ND_DATAFOLDER": DATA,
                    **(environ or {}),
                },
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def output(self) -> str:
        return self.log.read_text()

    def wait_until_it_says(self, text: str) -> None:
        assert eventually(lambda: text in self.output() or self.process.poll() is not None, seconds=180)
        assert self.process.poll() is None, self.output()

    def family(self) -> set[int]:
        """Every process that this server started, however deep."""
        rows = subprocess.check_output(["ps", "-eo", "pid=,ppid="], text=True).split()
        parent = dict(zip(map(int, rows[::2]), map(int, rows[1::2]), strict=True))
        found = {self.process.pid}
        while more := {child for child, its in parent.items() if its in found} - found:
            found |= more
        return found - {self.process.pid}
