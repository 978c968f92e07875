"""Fresh catalogs for every round, on each database."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import dj_database_url
import psycopg

from bench.processes import environment, run_module
from devtools.postgres import private_postgres
from navidrome_lib.runner.processes import Sentinel

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"

# gives the environment of a process with an empty catalog for the library at a root
Fresh = Callable[[Path], dict[str, str]]


@contextlib.contextmanager
def databases(names: list[str], *, migrated: Path | None = None) -> Iterator[dict[str, Fresh]]:
    """What makes fresh catalogs, by the name of the database; everything is deleted at the end.

    Those of SQLite are copies of the database `migrated`, where there is one.
    """
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nd-bench-")))
        made: dict[str, Fresh] = {}
        if SQLITE in names:
            made[SQLITE] = lambda root: _fresh_sqlite(folder / "sqlite", root, migrated)
        if POSTGRESQL in names:
            sentinel = stack.enter_context(Sentinel())
            address = stack.enter_context(private_postgres(os.environ, sentinel, lambda line: None))
            made[POSTGRESQL] = lambda root: _fresh_postgres(folder / "postgres", address, root)
        yield made


def _fresh_sqlite(folder: Path, root: Path, migrated: Path | None) -> dict[str, str]:
    shutil.rmtree(folder, ignore_errors=True)
    if migrated:
        folder.mkdir(mode=0o700)
        shutil.copyfile(migrated, folder / migrated.name)
    env = environment(ND_DATAFOLDER=str(folder), DJANGO_SETTINGS_MODULE="navidrome_lib.settings")
    run_module("bench.child", "prepare", str(root), env=env)
    return env


def _fresh_postgres(folder: Path, address: str, root: Path) -> dict[str, str]:
    settings = dj_database_url.parse(address)
    with psycopg.connect(
        host=settings["HOST"], port=settings["PORT"], user=settings["USER"], dbname="postgres", autocommit=True
    ) as connection:
        connection.execute("DROP DATABASE IF EXISTS bench WITH (FORCE)")
        connection.execute("CREATE DATABASE bench")
    env = environment(
        ND_DATAFOLDER=str(folder),
        DJANGO_SETTINGS_MODULE="navidrome_lib.settings",
        DATABASE_URL=address.rpartition("/")[0] + "/bench",
    )
    run_module("bench.child", "prepare", str(root), env=env)
    return env
