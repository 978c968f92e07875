"""A server without requests writes nothing, and queues only what may find something to do."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from celery.beat import Scheduler
from django.conf import settings as django_settings
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from libraries.choices import WatchState
from libraries.models import Library
from libraries.watcher.service import Watcher
from listening.forwarding import sending
from media.choices import CoverKind, Source
from media.covers.background import find_covers
from media.models import OutsideInfo
from navidrome_lib import heartbeat
from navidrome_lib.celery import app
from navidrome_lib.scheduler import SteadyScheduler
from tests.conftest import Configure
from tests.listening.forwarding.conftest import link, play
from tests.support.catalog import make_track
from tests.support.limits import limit_watches
from tests.support.scans import scan, write_album
from tests.support.waiting import eventually
from users.models import User

# what comes less often may write: it counts hours and days
OFTEN_SECONDS = 3_600
OFTEN = sorted(entry["task"] for entry in app.conf.beat_schedule.values() if entry["schedule"] < OFTEN_SECONDS)
ALWAYS = set(app.conf.beat_schedule) - {"ask-outside", "find-covers", "forward-plays"}


class Statements:
    """The statements that are sent to the database."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.sent.append(sql)
        return execute(sql, params, many, context)

    def writes(self) -> list[str]:
        return [sql for sql in self.sent if not sql.startswith("SELECT")]


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The heartbeats that were noted: the real broker is shared by all tests that run now."""
    parts: list[str] = []
    monkeypatch.setattr(heartbeat, "note", parts.append)
    return parts


@pytest.fixture
def all_on(configure: Configure) -> None:
    """Services outside are asked and told, where there is something."""
    conf = django_settings.CONF
    configure(
        listenbrainz=dataclasses.replace(conf.listenbrainz, enabled=True),
        external=dataclasses.replace(conf.external, enabled=True),
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("all_on")
@pytest.mark.parametrize("name", OFTEN)
def test_a_periodic_task_that_finds_nothing_to_do_writes_nothing(library: Library, noted: list[str], name: str) -> None:
    app.loader.import_default_modules()
    scan(library)
    statements = Statements()
    with connection.execute_wrapper(statements):
        app.tasks[name]()
    assert statements.writes() == []
    assert statements.sent or noted


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> Callable[[], set[str]]:
    """What a scheduler sends when all is due, to no broker."""
    names: list[str] = []
    monkeypatch.setattr(Scheduler, "apply_async", lambda self, entry, **_: names.append(entry.name))
    monkeypatch.setattr(Scheduler, "producer", None)
    monkeypatch.setattr(heartbeat, "note", lambda part: None)

    def tick() -> set[str]:
        names.clear()
        SteadyScheduler(app).tick()
        return set(names)

    return tick


@pytest.mark.django_db(transaction=True)
class TestWhatIsQueued:
    def test_no_task_and_no_query_for_services_that_are_off(self, queued: Callable[[], set[str]]) -> None:
        statements = Statements()
        with connection.execute_wrapper(statements):
            assert queued() == ALWAYS
        assert not [sql for sql in statements.sent if "outside" in sql or "serviceaccount" in sql]

    def test_covers_are_looked_for_while_there_is_one(
        self, queued: Callable[[], set[str]], library: Library, tmp_path: Path, settings: Settings
    ) -> None:
        settings.CACHE_FOLDER = tmp_path / "cache"
        scan(library)
        assert queued() == ALWAYS
        write_album(Path(library.path) / "First", 1)
        scan(library)
        assert queued() == ALWAYS | {"find-covers"}
        find_covers()
        assert queued() == ALWAYS

    @pytest.mark.usefixtures("all_on")
    def test_plays_are_sent_from_the_first_that_waits(
        self, queued: Callable[[], set[str]], library: Library, member: User
    ) -> None:
        song = make_track(library, "A/song.mp3", missing=False)
        assert queued() == ALWAYS
        link(member)
        assert queued() == ALWAYS
        play(member, song, 0)
        assert queued() == ALWAYS | {"forward-plays"}

    @pytest.mark.usefixtures("all_on")
    def test_services_are_asked_from_the_first_thing_that_waits(self, queued: Callable[[], set[str]]) -> None:
        assert queued() == ALWAYS
        waiting = OutsideInfo.objects.create(
            kind=CoverKind.ALBUM, item_id="an album", source=Source.MUSICBRAINZ, next_try_at=timezone.now()
        )
        assert queued() == ALWAYS | {"ask-outside"}
        waiting.delete()
        assert queued() == ALWAYS

    @pytest.mark.usefixtures("all_on")
    def test_a_database_that_is_away_holds_up_nothing_else(
        self, queued: Callable[[], set[str]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def is_away() -> bool:
            raise OperationalError("the connection was refused")

        monkeypatch.setattr(sending, "is_due", is_away)
        assert queued() == ALWAYS
        assert "whether forward-plays is wanted could not be found out: the connection was refused" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_the_watcher_of_a_quiet_library_writes_nothing(library: Library, noted: list[str], settings: Settings) -> None:
    limit_watches(settings, refresh_seconds=0.0, beat_seconds=0.0)
    Library.objects.filter(pk=library.pk).update(watch=True)
    scan(library)
    stop, statements = threading.Event(), Statements()
    watcher = Watcher(stop)

    def watches() -> bool:
        watcher.step(time.monotonic())
        return WatchState.OFF not in watcher.states().values()

    try:
        assert eventually(watches)
        watches()  # a first scan, of what changed before, has been asked for by now
        noted.clear()
        with connection.execute_wrapper(statements):
            assert all(watches() for _ in range(3))
        assert (statements.writes(), noted) == ([], ["watcher"] * 3)
        assert statements.sent
    finally:
        stop.set()
        watcher.run()


def test_the_log_has_no_line_for_each_task() -> None:
    if django_settings.CONF.log_level == "debug":
        pytest.skip("these lines are asked for")
    for name in ("celery.worker.strategy", "celery.app.trace"):
        assert logging.getLogger(name).getEffectiveLevel() == logging.WARNING
