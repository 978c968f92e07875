"""The broker dies, or the database is restarted, in the middle of a scan by a real worker: nobody has to help."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from pytest_django.fixtures import Settings

from devtools.postgres import PrivatePostgres, private_server
from libraries import tasks
from libraries.choices import ScanTrigger
from libraries.models import Library, Scan
from libraries.services import scans
from navidrome_lib.runner.processes import Sentinel
from navidrome_lib.runner.services import REPOSITORY
from tests.support import processes
from tests.support.limits import limit_scans
from tests.support.scans import write_album
from tests.support.waiting import eventually

FILES = 6
PREPARE = """
from libraries.choices import ScanTrigger
from libraries.services import libraries, scans
from libraries.services.library_rules import prepare_library
library = libraries.create_library(prepare_library(dict(name="Slow", path={path!r})), scan=False)
scans.request_scan(library, trigger=ScanTrigger.API)
"""


def _worker_is_up(log: Path) -> Callable[[], bool]:
    return lambda: " ready." in log.read_text()


@pytest.mark.django_db(transaction=True)
def test_the_broker_is_killed_in_the_middle_of_a_scan(tmp_path: Path, settings: Settings) -> None:
    write_album(tmp_path / "slow-read", FILES)
    write_album(tmp_path / "other", 2)
    slow = Library.objects.create(name="Slow", path=str(tmp_path / "slow-read"))
    other = Library.objects.create(name="Other", path=str(tmp_path / "other"))
    limit_scans(settings, redeliver_after=timedelta(0))
    log = tmp_path / "log"

    def ask(library: Library) -> Scan:
        return scans.request_scan(library, trigger=ScanTrigger.API)

    def reaches(scan: Scan, state: str, seconds: float) -> None:
        def look() -> bool:
            scan.refresh_from_db()
            return scan.state == state

        assert eventually(look, seconds=seconds), (scan.state, scan.error, log.read_text()[-3000:])

    with processes.restartable_broker(tmp_path / "broker") as server:
        environ = processes.environment(
            tmp_path / "data", REDIS_URL=server.url, DJANGO_SETTINGS_MODULE="navidrome_lib.settings"
        )
        with processes.process(["-m", "tests.support.slow_worker"], environ, log):
            assert eventually(_worker_is_up(log), seconds=60), log.read_text()
            first = ask(slow)
            reaches(first, "running", 20)
            server.kill()
            second = ask(other)  # taken although nobody can be told
            assert second.state == "queued"
            reaches(first, "finished", 30)
            assert (first.added, first.attempts, first.failed) == (FILES, 1, 0)
            server.start()

            def deliver() -> bool:
                time.sleep(0.5)
                tasks.reap_stale_scans()  # what the clock does every 30 seconds
                second.refresh_from_db()
                return second.state == "finished"

            assert eventually(deliver, seconds=60), (second.state, log.read_text()[-3000:])
    assert (second.added, second.attempts) == (2, 1)
    assert Scan.objects.count() == 2


@pytest.fixture
def server() -> Iterator[PrivatePostgres]:
    with Sentinel() as sentinel, private_server({}, sentinel, lambda line: None) as running:
        yield running


def _rows(url: str, query: str) -> list[Any]:
    host = unquote(urlsplit(url).netloc.partition("@")[2].rpartition(":")[0])
    with psycopg.connect(host=host, user="postgres", dbname="postgres", connect_timeout=2) as own:
        return own.execute(query).fetchall()


def test_the_database_is_restarted_in_the_middle_of_a_scan(server: PrivatePostgres, tmp_path: Path) -> None:
    write_album(tmp_path / "slow-read", FILES)
    log = tmp_path / "log"

    def scan() -> tuple[str, str, int, int]:
        (row,) = _rows(server.url, "SELECT state, phase, attempts, added FROM libraries_scan")
        state, phase, attempts, added = row
        return state, phase, attempts, added

    with processes.restartable_broker(tmp_path / "broker") as broker:
        environ = processes.environment(
            tmp_path / "data", REDIS_URL=broker.url, DATABASE_URL=server.url,
            DJANGO_SETTINGS_MODULE="navidrome_lib.settings",
        )  # fmt: skip
        for command in (["migrate", "-v0"], ["shell", "-v0", "-c", PREPARE.format(path=str(tmp_path / "slow-read"))]):
            subprocess.run([sys.executable, "manage.py", *command], env=environ, cwd=REPOSITORY, check=True)
        with processes.process(["-m", "tests.support.slow_worker"], environ, log):
            assert eventually(lambda: scan()[:2] == ("running", "reading"), seconds=60), log.read_text()
            server.stop()
            server.start()
            assert eventually(lambda: scan()[0] not in ("running", "queued"), seconds=90), log.read_text()
    state, _, attempts, added = scan()
    assert (state, attempts, added) == ("finished", 2, FILES), log.read_text()
    assert _rows(server.url, "SELECT count(*) FROM libraries_mediafile") == [(FILES,)]
