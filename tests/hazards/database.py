"""Watching and restoring the database: where a scan commits, how to end a process there, and how to start over."""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, connections, models, transaction
from django.db.utils import load_backend

from libraries.models import (
    Album,
    Artist,
    Folder,
    Genre,
    HeldMark,
    Library,
    LibraryArtist,
    MediaFile,
    Participant,
    Scan,
    ScanChange,
    ScanProblem,
    SongWords,
    TrackGenre,
)
from missing.models import Purge
from navidrome_lib.db.bulk import db_datetime, insert_rows, table
from navidrome_lib.settings import database_settings
from tests.support.search import rebuild_index

MODELS: tuple[type[models.Model], ...] = (
    Library, Artist, Genre, Folder, Album, LibraryArtist, MediaFile, Participant, TrackGenre, Scan, ScanProblem,
    HeldMark, ScanChange, SongWords, Purge,
)  # fmt: skip
KILLED = 137

_WRITES = ("INSERT", "UPDATE", "DELETE")


class Snapshot:
    """Every row of the catalog, to be put back as it was."""

    def __init__(self) -> None:
        self._rows = {model: _rows_of(model) for model in MODELS}

    def restore(self) -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                for model in reversed(MODELS):
                    cursor.execute(f"DELETE FROM {table(model)}")  # noqa: S608 - own names
            for model, rows in self._rows.items():
                insert_rows(model, _columns(model), rows)
            rebuild_index()


def _columns(model: type[models.Model]) -> list[str]:
    return [str(field.column) for field in model._meta.concrete_fields]


def _rows_of(model: type[models.Model]) -> list[tuple[Any, ...]]:
    names = ", ".join(map(connection.ops.quote_name, _columns(model)))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {names} FROM {table(model)}")  # noqa: S608 - own names
        return [tuple(db_datetime(value) if isinstance(value, datetime) else value for value in row) for row in cursor]


@contextmanager
def watched(on_commit: Callable[[str], None], on_write: Callable[[str], None]) -> Iterator[None]:
    """Tell of every commit behind it, and of every writing statement that is not yet committed, each with its words."""
    backend: Any = connection
    commit = backend.commit
    last = ""

    def committing() -> None:
        commit()
        on_commit(last)

    def execute(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal last
        done = run(sql, params, many, context)
        if sql.lstrip().startswith(_WRITES):
            last = " ".join(sql.split()[:3])
            (on_write if connection.in_atomic_block else on_commit)(last)
        return done

    backend.commit = committing
    try:
        with connection.execute_wrapper(execute):
            yield
    finally:
        del backend.commit


class Killed(BaseException):
    """The process ends here."""


class Death:
    """Whether a process died that was to die."""

    came = False


@contextmanager
def dies_after(commit: int) -> Iterator[Death]:
    """The work behind it ends right behind its n-th commit, as if its process were killed: quicker than a real one.

    Whatever still runs of it afterwards (`finally`, `except BaseException`) cannot reach the database any more.
    """
    death, count = Death(), 0

    def on_commit(_: str) -> None:
        nonlocal count
        count += 1
        if count == commit:
            death.came = True
            raise Killed

    def refuse(run: Any, *statement: Any) -> Any:
        if death.came:
            raise Killed
        return run(*statement)

    try:
        with watched(on_commit, lambda _: None), connection.execute_wrapper(refuse):
            yield death
    except Killed:
        # what a transaction would have done behind its commit died with it
        connection.run_on_commit.clear()


def in_a_process_that_dies(work: Callable[[], None], *, commit: int = 0, write: int = 0) -> int:
    """Do `work` in a process that ends without a word behind its n-th commit, or behind its n-th uncommitted write.

    Returns its exit code: KILLED, or 0 when it came to its end before that.
    """
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        try:
            with watched(_killer(commit), _killer(write)):
                work()
            os._exit(0)
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _killer(at: int) -> Callable[[str], None]:
    count = 0

    def kill(_: str) -> None:
        nonlocal count
        count += 1
        if count == at:
            os._exit(KILLED)

    return kill


@contextmanager
def another_database(folder: Path, migrated: Path) -> Iterator[None]:
    """A copy of the SQLite database `migrated` takes the place of the one of the tests."""
    shutil.copyfile(migrated, folder / "another.db")
    usual = connections["default"]
    config = database_settings(f"sqlite:///{folder / 'another.db'}", folder)
    values = connections.configure_settings({"default": config})["default"]
    values["TIME_ZONE"] = None
    connections["default"] = load_backend(values["ENGINE"]).DatabaseWrapper(values, "default")
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = usual
