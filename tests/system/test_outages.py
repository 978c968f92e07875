"""What is full or away is 503 with its reason, Subsonic's error 0 in its protocol, and one line of the log."""

from __future__ import annotations

import errno
import logging
import sqlite3
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from django.contrib.auth import get_user_model
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError
from django.test import Client
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from libraries.models import Library, Scan
from navidrome_lib import heartbeat, outages
from navidrome_lib.api.throttling import Throttle
from navidrome_lib.cache import SharedCache
from navidrome_lib.config.redis_urls import client_url
from navidrome_lib.outages import OneLine, outage_of
from tests.conftest import PASSWORD
from tests.support import processes
from tests.support.full_disk import full_database
from users.models import User

FULL = outages.DATABASE_FULL.sentence


def django_error(driver: Exception, kind: type[Exception] = OperationalError) -> Exception:
    """An error of a driver as Django passes it on."""
    error = kind(str(driver))
    error.__cause__ = driver
    return error


def postgres(code: str) -> Exception:
    """An error of PostgreSQL."""
    driver = psycopg.errors.lookup(code)("what the server says")
    kind = DatabaseError if code == "25006" else OperationalError
    return django_error(driver, kind)


POSTGRES = {
    "53100": outages.DATABASE_FULL, "53300": outages.NO_CONNECTION, "57P01": outages.DATABASE_AWAY,
    "25006": outages.READ_ONLY, "40P01": outages.BUSY, "08006": outages.DATABASE_AWAY, "58030": outages.DISK_ERROR,
    "42P01": None, "22003": None,
}  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), POSTGRES.items())
def test_what_postgresql_says(code: str, expected: object) -> None:
    assert outage_of(postgres(code)) == expected


def test_what_sqlite_says(tmp_path: Path) -> None:
    def said(path: object, *statements: str, **options: Any) -> object:
        try:
            database = sqlite3.connect(path, isolation_level=None, timeout=0, **options)  # type: ignore[call-overload]
            for statement in statements:
                database.execute(statement)
        except sqlite3.OperationalError as error:
            return outage_of(django_error(error))
        return "no error"

    file = tmp_path / "file.db"
    assert said(file, "CREATE TABLE a (b)") == "no error"
    assert said(file, "PRAGMA max_page_count=2", "CREATE TABLE c (d)", "CREATE TABLE e (f)") == outages.DATABASE_FULL
    assert said(f"file:{file}?mode=ro", "INSERT INTO a VALUES (1)", uri=True) == outages.READ_ONLY
    assert said(f"file:{tmp_path}/nowhere/file.db?mode=rw", "SELECT 1", uri=True) == outages.UNREADABLE
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert said(file, "BEGIN IMMEDIATE") == outages.BUSY
    holder.close()
    assert said(file, "SELECT * FROM nowhere") is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OperationalError("connection failed"), outages.DATABASE_AWAY),
        (InterfaceError("connection already closed"), outages.DATABASE_AWAY),
        (OperationalError("the number of parameters must be between 0 and 65535"), None),
        (IntegrityError("duplicate key"), None),
        (redis.ConnectionError("refused"), outages.BROKER_AWAY),
        (redis.TimeoutError("late"), outages.BROKER_AWAY),
        (redis.ResponseError("MISCONF Errors writing to the AOF file"), outages.BROKER_FULL),
        (
            redis.ResponseError("Command # 1 (EVALSHA ef7a 2 _kombu) of pipeline caused error: MISCONF Errors writing"),
            outages.BROKER_FULL,
        ),
        (redis.ResponseError("WRONGTYPE"), None),
        (BrokerError("refused"), outages.BROKER_AWAY),
        (OSError(errno.ENOSPC, "No space left on device"), outages.DISK_FULL),
        (OSError(errno.EIO, "Input/output error"), None),
        (FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"), outages.DISK_FULL),
        (FileNotFoundError(errno.ENOENT, "No such file"), None),
        (ConnectionResetError("the browser went away"), None),
        (ValueError("a bug"), None),
    ],
)
def test_what_others_say(error: Exception, expected: object) -> None:
    assert outage_of(error) == expected


def test_an_outage_is_one_line_of_the_log() -> None:
    record = logging.LogRecord("celery", logging.ERROR, "", 0, "Message Error: %s\n%s", ("refused", "a stack"), None)
    try:
        try:
            raise redis.ConnectionError("refused")
        except redis.ConnectionError as error:
            raise BrokerError("refused") from error
    except BrokerError as error:
        record.exc_info = (type(error), error, error.__traceback__)
    assert OneLine().filter(record)
    line = logging.Formatter("%(levelname)s %(message)s").format(record)
    assert line == "WARNING Message Error: The message broker does not answer."


def test_a_mistake_of_ours_keeps_its_traceback() -> None:
    record = logging.LogRecord("ours", logging.ERROR, "", 0, "oh no", (), (ValueError, ValueError("x"), None))
    assert OneLine().filter(record)
    assert "ValueError: x" in logging.Formatter().format(record)


def until_full(ask: Any) -> Any:
    """The first answer that is not a success: SQLite first fills the pages that it has."""
    for number in range(400):
        answer = ask(f"{number:03}")
        if answer.status_code >= 400:
            return answer
    raise AssertionError("it never became full")


@pytest.mark.django_db(transaction=True)
def test_the_api_and_the_admin_site_on_a_full_disk(as_admin: APIClient) -> None:
    site = Client(raise_request_exception=False)
    site.force_login(User.objects.get())

    def add(number: str) -> Any:
        return as_admin.post("/api/user", {"userName": number * 40, "name": number * 80, "password": PASSWORD})

    def add_on_page(number: str) -> Any:
        form = {"username": f"x{number}" * 30, "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
        return site.post("/admin/users/user/add/", form)

    with full_database(get_user_model(), Library, Scan):
        answer = until_full(add)
        assert (answer.status_code, answer.json(), answer["Retry-After"]) == (503, {"error": FULL}, "10")
        page = until_full(add_on_page)
        before = User.objects.count()
        assert add("c").status_code == 503
        assert (page.status_code, page["Content-Type"][:9], page["Retry-After"]) == (503, "text/html", "10")
        assert FULL in page.content.decode()
        assert as_admin.get("/api/user").status_code == 200  # what only reads goes on
        assert User.objects.count() == before
    assert add("b").status_code == 201
    assert add_on_page("b").status_code == 302
    assert User.objects.count() == before + 2


@pytest.mark.django_db(transaction=True)
def test_the_subsonic_protocol_on_a_full_disk(admin: User, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    library = Library.objects.create(name="Rock", path=str(tmp_path))
    query = {"u": admin.username, "p": PASSWORD, "v": "1.16.1", "c": "test", "f": "json", "target": f"{library.pk}:"}

    def start() -> dict[str, Any]:
        Scan.objects.update(state="finished")
        answer = Client().get("/rest/startScan", query)
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()["subsonic-response"]
        return found

    with full_database(get_user_model(), Library, Scan):
        found = next((found for _ in range(400) if (found := start())["status"] != "ok"), None)
        assert found is not None
        assert (found["error"]["code"], found["error"]["message"]) == (0, FULL)
        assert not any(record.exc_info for record in caplog.records)
    assert start()["status"] == "ok"


def test_the_cache_of_a_server_that_is_away(tmp_path: Path) -> None:
    """Who signs in is not refused for it, and guesses are still counted."""
    with processes.restartable_broker(tmp_path / "broker") as server:
        shared = SharedCache(client_url(server.url), {"OPTIONS": {"socket_connect_timeout": 1, "away_seconds": 0.5}})
        shared.set("a", 1)
        assert (shared.get("a"), shared.incr("a")) == (1, 2)
        server.kill()
        assert shared.get("a") is None
        assert shared.add("a", 5)
        assert (shared.incr("a"), shared.has_key("a"), shared.touch("a"), shared.delete("a")) == (6, True, True, True)
        with pytest.raises(ValueError, match="not found"):
            shared.incr("b")
        server.start()
        time.sleep(0.5)
        shared.set("c", 3)
        assert SharedCache(client_url(server.url), {}).get("c") == 3
        shared.clear()
        assert shared.get("c") is None


def test_throttles_count_while_the_cache_is_away(settings: Settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "navidrome_lib.cache.SharedCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"socket_connect_timeout": 1},
        }
    }
    throttle = Throttle("test-away", limit=2)
    assert [bool(throttle.wait("somebody")) for _ in range(4)] == [False, False, True, True]
    throttle.forget("somebody")
    assert throttle.wait("somebody") == 0


@pytest.mark.django_db
def test_the_dashboard_says_what_is_wrong(
    admin: User, member: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    site = Client()
    site.force_login(admin)
    text = site.get("/admin/").content.decode()
    assert "Scans cannot start: the message broker is not working" in text
    assert "The message broker does not answer." in text
    assert "The worker cannot be checked without the broker." in text
    monkeypatch.setattr(heartbeat, "last_seen", lambda part: None)
    assert "No worker has been seen yet." in site.get("/admin/").content.decode()
    monkeypatch.setattr(heartbeat, "last_seen", lambda part: timezone.now())
    assert "No worker has been seen yet." not in site.get("/admin/").content.decode()
