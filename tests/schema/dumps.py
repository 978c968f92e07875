"""Databases as text, and back again."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend

from devtools.postgres import find_postgres
from tests.support.processes import database_url

HERE = Path(__file__).parent
# the tables behind the index of words, which SQLite makes by itself
SHADOWS = re.compile(r"libraries_songwords_found_\w+|sqlite_\w+")


def dump_sqlite(path: Path) -> str:
    """The statements that make a SQLite database anew."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
        parts = [row for row in rows if not SHADOWS.fullmatch(row[1])]
        lines = [sql for kind, _, sql in parts if kind == "table"]
        for _, name, sql in parts:
            if sql.startswith("CREATE TABLE"):
                lines += rows_of(database, name)
            elif sql.startswith("CREATE VIRTUAL TABLE"):
                # an index of words without content of its own reads that of its table
                lines.append(f"INSERT INTO {name} ({name}) VALUES ('rebuild')")  # noqa: S608 - own names
        lines += [sql for kind, _, sql in parts if kind == "index"]
    return "".join(f"{line};\n" for line in lines)


def rows_of(database: sqlite3.Connection, table: str) -> list[str]:
    """The rows of a table as statements, in the order of their keys."""
    columns = [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]
    values = " || ',' || ".join(f'quote("{column}")' for column in columns)
    rows = database.execute(f'SELECT {values} FROM "{table}" ORDER BY 1')  # noqa: S608 - own names
    return [f'INSERT INTO "{table}" VALUES ({row})' for (row,) in rows]  # noqa: S608 - own names


def dump_postgresql(url: str) -> str:
    """The statements that make a PostgreSQL database anew, as `pg_dump` says them."""
    program = find_postgres().folder / "pg_dump"
    options = ["--no-owner", "--no-privileges", "--no-comments", "--inserts", "--rows-per-insert=100"]
    words = subprocess.run([program, *options, f"--dbname={url}"], check=True, capture_output=True, text=True).stdout
    # comments, commands of psql, and settings that older servers do not know
    left = (
        line for line in words.splitlines() if line and not re.match(r"--|\\|SET (transaction|default_table)", line)
    )
    return "\n".join(left) + "\n"


def load(name: str) -> None:
    """Run the statements of a kept dump in the default database, which is empty."""
    text = (HERE / name / f"{connection.vendor}.sql").read_text("utf-8")
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(connection.settings_dict["NAME"])) as database:
            database.executescript(f"BEGIN;\n{text}COMMIT;")
        return
    with psycopg.connect(database_url()) as server:
        server.execute(text.encode())


@contextmanager
def empty_database(folder: Path) -> Iterator[None]:
    """An empty database of the same kind, on the same server, takes the place of the one of the tests."""
    with made_database(folder, "schema") as name, in_its_place(name):
        yield


@contextmanager
def made_database(folder: Path, name: str, *, like: str = "") -> Iterator[str]:
    """The name of a new database beside that of the tests: empty, or a copy of one that nothing is connected to."""
    usual = connections["default"]
    if usual.vendor == "sqlite":
        made = folder / f"{name}.db"
        if like:
            shutil.copyfile(like, made)
        yield str(made)
        return
    own = f"{usual.settings_dict['NAME']}_{name}"
    run(usual, f'DROP DATABASE IF EXISTS "{own}" WITH (FORCE)')
    run(usual, f'CREATE DATABASE "{own}" TEMPLATE "{like or "template0"}"')
    try:
        yield own
    finally:
        run(usual, f'DROP DATABASE "{own}" WITH (FORCE)')


@contextmanager
def in_its_place(name: str) -> Iterator[None]:
    """The database with this name takes the place of the one of the tests."""
    usual = connections["default"]
    values = {**usual.settings_dict, "NAME": name}
    connections["default"] = load_backend(values["ENGINE"]).DatabaseWrapper(values, "default")
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = usual


def run(server: BaseDatabaseWrapper, sql: str) -> None:
    with server.cursor() as cursor:
        cursor.execute(sql)
