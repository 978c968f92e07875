"""A connection to SQLite is kept from request to request, as long as it leads to the database of this process."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.db.utils import load_backend

from navidrome_lib.db.sqlite3.base import KEPT_SECONDS, close_kept
from navidrome_lib.settings import database_settings

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


def make_database(path: Path, name: str) -> None:
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE note (text)")
        made.execute("INSERT INTO note VALUES (?)", (name,))
    made.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    make_database(tmp_path / "kept.db", "first")
    return tmp_path / "kept.db"


@pytest.fixture
def wrapper(path: Path) -> Iterator[Any]:
    values = {**settings.DATABASES["default"], **database_settings(f"sqlite:///{path}", path.parent)}
    values["CONN_MAX_AGE"] = KEPT_SECONDS
    found: Any = load_backend(values["ENGINE"]).DatabaseWrapper(values, "kept")
    yield found
    found.close()


def notes(wrapper: Any) -> list[str]:
    """What one request reads, with what happens before and after each."""
    wrapper.close_if_unusable_or_obsolete()
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT text FROM note")
        found = [text for (text,) in cursor.fetchall()]
    wrapper.close_if_unusable_or_obsolete()
    return found


def write_note(wrapper: Any, text: str) -> None:
    wrapper.inc_thread_sharing()
    with wrapper.cursor() as cursor:
        cursor.execute("INSERT INTO note VALUES (%s)", [text])


def test_requests_share_a_connection(wrapper: Any) -> None:
    assert notes(wrapper) == ["first"]
    kept = wrapper.connection
    assert notes(wrapper) == ["first"]
    assert kept is not None
    assert wrapper.connection is kept


def test_a_database_that_was_put_in_its_place_is_read(wrapper: Any, path: Path) -> None:
    assert notes(wrapper) == ["first"]
    make_database(path.with_name("restored.db"), "restored")
    wrapper.close()
    assert notes(wrapper) == ["first"]
    os.replace(path.with_name("restored.db"), path)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    assert notes(wrapper) == ["restored"]


def test_a_database_that_was_taken_away_is_written_to_no_more(wrapper: Any, path: Path) -> None:
    assert notes(wrapper) == ["first"]
    os.rename(path, path.with_name("away.db"))
    with pytest.raises(OperationalError, match="no such table"):
        notes(wrapper)


def test_an_error_ends_a_connection(wrapper: Any) -> None:
    assert notes(wrapper) == ["first"]
    failed = wrapper.connection
    with pytest.raises(OperationalError), wrapper.cursor() as cursor:
        cursor.execute("SELECT text FROM nothing")
    assert notes(wrapper) == ["first"]
    assert wrapper.connection is not failed


def test_what_a_request_has_read_goes_out_of_memory(wrapper: Any) -> None:
    notes(wrapper)
    said: list[str] = []
    wrapper.connection.set_trace_callback(said.append)
    notes(wrapper)
    assert said[-1] == "PRAGMA shrink_memory"
    # what was let go at the end is not looked for again when the next one begins
    assert said.count("PRAGMA shrink_memory") == 1


def in_a_fork(work: Callable[[], bool]) -> bool:
    """What `work` returns in a process of its own."""
    child = os.fork()
    if child == 0:
        worked = False
        try:
            worked = work()
        finally:
            os._exit(0 if worked else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_forked_process_opens_its_own(wrapper: Any) -> None:
    assert notes(wrapper) == ["first"]
    inherited = wrapper.connection
    assert in_a_fork(lambda: notes(wrapper) == ["first"] and wrapper.connection is not inherited)
    assert notes(wrapper) == ["first"]
    assert wrapper.connection is inherited


def test_at_the_end_everything_is_in_the_file(wrapper: Any, path: Path) -> None:
    def write_and_end() -> bool:
        with ThreadPoolExecutor(1) as pool:
            other: Any = load_backend(wrapper.settings_dict["ENGINE"]).DatabaseWrapper(wrapper.settings_dict, "other")
            pool.submit(write_note, other, "second").result()
            write_note(wrapper, "third")
            close_kept()
        return not path.with_name(path.name + "-wal").exists()

    assert in_a_fork(write_and_end)
    assert sorted(notes(wrapper)) == ["first", "second", "third"]
