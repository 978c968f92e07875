"""Clocks that jump: what was written down in the future must not stop anything, and nothing is dropped for a date."""

from __future__ import annotations

import shelve
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery
from celery.beat import Scheduler, Service

from navidrome_lib import heartbeat
from navidrome_lib.celery import app
from navidrome_lib.runner import services
from navidrome_lib.runner.command import Command
from navidrome_lib.runner.processes import Child, Sentinel
from tests.support.processes import environment, restartable_broker
from tests.support.waiting import eventually

A_YEAR_AHEAD = datetime.now(UTC) + timedelta(days=365)


def write_last_runs(schedule: Path, at: datetime) -> None:
    """The file that a scheduler of an earlier release left behind when the clock was wrong."""
    schedule.parent.mkdir(parents=True, exist_ok=True)
    entries = {
        name: Scheduler.Entry(**{**entry, "name": name, "app": app, "last_run_at": at})
        for name, entry in app.conf.beat_schedule.items()
    }
    with shelve.open(str(schedule)) as store:  # noqa: S301 - our own file
        store.update(entries=entries, tz="UTC", utc_enabled=True, __version__="5.5.0")


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_a_scheduler_that_once_ran_in_the_future_sends_its_tasks(tmp_path: Path) -> None:
    write_last_runs(tmp_path / "data" / "beat" / "schedule", A_YEAR_AHEAD)
    (tmp_path / "data" / "server.lock").touch()
    with (
        restartable_broker(tmp_path / "broker") as broker,
        Sentinel() as sentinel,
        redis.Redis.from_url(broker.url) as client,
    ):
        environ = environment(tmp_path / "data", REDIS_URL=broker.url, DJANGO_SETTINGS_MODULE="navidrome_lib.settings")
        lines: list[str] = []
        argv = services.python("celery", "--app=navidrome_lib.celery", "--quiet", "beat", "--pidfile=")
        beat = Command(name="beat", argv=argv, env=environ, cwd=services.REPOSITORY)
        child = Child(beat, sentinel, lines.append)
        try:
            # the others ask first whether there is anything to do
            wanted = len(app.conf.beat_schedule) - len(app.conf.asked_before)
            assert eventually(lambda: client.llen("celery") >= wanted, seconds=20), lines
            assert eventually(lambda: heartbeat.last_seen("scheduler", url=broker.url), seconds=5)
        finally:
            child.stop()


@pytest.fixture
def moved_clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The clock of the application, which a test may set ahead or back."""
    ahead = timedelta()

    def move(by: timedelta) -> None:
        nonlocal ahead
        ahead = by

    monkeypatch.setattr(Celery, "now", lambda self: datetime.now(UTC) + ahead)
    return move


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[Any]:
    """Our kind of scheduler with one task every twentieth of a second."""
    application: Any = app
    before = application.conf.beat_schedule
    application.conf.beat_schedule = {"often": {"task": "none.such", "schedule": 0.05}}
    schedule, cls = str(tmp_path / "schedule"), application.conf.beat_scheduler
    service = Service(application, schedule_filename=schedule, scheduler_cls=cls)
    yield service.scheduler
    service.sync()
    application.conf.beat_schedule = before


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When the scheduler sent a task, to no broker."""
    moments: list[float] = []
    monkeypatch.setattr(Scheduler, "apply_async", lambda self, entry, **_: moments.append(time.monotonic()))
    monkeypatch.setattr(Scheduler, "producer", None)
    monkeypatch.setattr(heartbeat, "note", lambda part: None)
    return moments


def tick_for(scheduler: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(min(max(scheduler.tick(), 0.0), 0.02))


@pytest.mark.parametrize("days", [365, -365])
def test_the_scheduler_goes_on_when_the_clock_jumps_and_comes_back(
    scheduler: Any, sent: list[float], moved_clock: Any, days: int
) -> None:
    for by in (timedelta(), timedelta(days=days), timedelta()):
        moved_clock(by)
        before = len(sent)
        tick_for(scheduler, 0.4)
        assert 3 <= len(sent) - before <= 12  # eight are due


def test_the_scheduler_goes_on_when_the_broker_comes_back(
    scheduler: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with restartable_broker(tmp_path / "broker") as broker, redis.Redis.from_url(broker.url) as client:
        tick_for(scheduler, 0.3)
        assert client.llen("celery") > 1
        broker.kill()
        caplog.clear()
        tick_for(scheduler, 0.5)
        assert "could not be sent" in caplog.text
        assert "Traceback" not in caplog.text
        broker.start()
        client.delete("celery")
        tick_for(scheduler, 2)
        assert client.llen("celery") > 1
