"""`GET /api/health`."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest
import redis
from django.db import DatabaseError, connection
from django.utils import timezone
from imageio_ffmpeg import get_ffmpeg_exe
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from libraries import clock
from libraries.models import Library, Scan
from navidrome_lib import heartbeat
from navidrome_lib.config.redis_urls import OPEN_BROKER
from system import health, tasks
from tests.conftest import Configure
from tests.support.clocks import Machine, live

pytestmark = pytest.mark.django_db
Signs = dict[str, datetime | None]


PARTS = {"disk", "scheduler", "worker", "scans", "clock", "proxy", "ffmpeg"}


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch, configure: Configure, settings: Settings) -> Signs:
    """A broker that answers, and the heartbeats in it: the real one is shared by all tests that run now. And ffmpeg."""
    configure(media=dataclasses.replace(settings.CONF.media, ffmpeg_path=get_ffmpeg_exe()))
    monkeypatch.setattr(health, "check_broker", lambda: (True, "redis"))
    seen: Signs = {"scheduler": timezone.now(), "worker": None}
    monkeypatch.setattr(heartbeat, "note", lambda part: seen.update({part: timezone.now()}))
    monkeypatch.setattr(heartbeat, "last_seen", seen.get)
    return seen


def test_all_is_well(as_anonymous: APIClient, as_member: APIClient, as_admin: APIClient, broker: Signs) -> None:
    tasks.note_worker()
    for client in (as_anonymous, as_member):
        response = client.get("/api/health")
        assert (response.status_code, response.json()) == (200, {"status": "ok"})
    checks = as_admin.get("/api/health/").json()["checks"]
    assert set(checks) == {*PARTS, "database", "broker"}
    assert all(check["ok"] and set(check) == {"ok", "detail", "milliseconds"} for check in checks.values())


def test_no_worker(as_admin: APIClient, broker: Signs) -> None:
    answer = as_admin.get("/api/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["checks"]["worker"]["ok"] is False
    broker["worker"] = timezone.now() - timedelta(minutes=10)
    assert as_admin.get("/api/health").json()["status"] == "degraded"


def test_a_scan_is_a_sign_of_life(as_anonymous: APIClient, library: Library, broker: Signs) -> None:
    broker["worker"] = timezone.now() - timedelta(minutes=10)
    Scan.objects.create(library=library, trigger="api", state="running", heartbeat_at=timezone.now())
    assert as_anonymous.get("/api/health").json() == {"status": "ok"}


def test_a_scan_without_a_heartbeat(as_admin: APIClient, library: Library, broker: Signs) -> None:
    tasks.note_worker()
    for seconds, ok in ((20, True), (40, False), (75, False)):
        Scan.objects.all().delete()
        silent = timezone.now() - timedelta(seconds=seconds)
        over = silent + timedelta(minutes=1)
        Scan.objects.create(library=library, trigger="api", state="running", heartbeat_at=silent, lease_expires_at=over)
        answer = as_admin.get("/api/health").json()
        assert (answer["status"], answer["checks"]["scans"]["ok"]) == ("ok" if ok else "degraded", ok)
    assert f"A scan of “{library.name}” has sent no heartbeat for 75 seconds" in answer["checks"]["scans"]["detail"]


def test_a_scan_that_was_taken_back_from_a_worker_that_hangs(
    as_admin: APIClient, library: Library, broker: None
) -> None:
    tasks.note_worker()
    scan = Scan.objects.create(library=library, trigger="api", state="queued", attempts=2, interruptions=2)
    assert as_admin.get("/api/health").json()["status"] == "ok"  # only servers were stopped
    Scan.objects.filter(pk=scan.pk).update(interruptions=1)
    answer = as_admin.get("/api/health").json()
    said = f"A scan of “{library.name}” was taken back from a worker that hung or died, and waits for another one."
    assert (answer["status"], answer["checks"]["scans"]["detail"]) == ("degraded", said)


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (None, "No scheduler has been seen yet."),
        (timedelta(seconds=200), "The scheduler has sent no heartbeat for 200 seconds."),
        (timedelta(days=-365), "in the future: the clock was wrong."),
    ],
)
def test_a_silent_scheduler(as_admin: APIClient, broker: Signs, ago: timedelta | None, said: str) -> None:
    tasks.note_worker()
    broker["scheduler"] = None if ago is None else timezone.now() - ago
    answer = as_admin.get("/api/health").json()
    assert answer["status"] == "degraded"
    assert [name for name, check in answer["checks"].items() if not check["ok"]] == ["scheduler"]
    assert said in answer["checks"]["scheduler"]["detail"]


def test_a_worker_from_the_future_is_silent(as_admin: APIClient, library: Library, broker: Signs) -> None:
    ahead = timezone.now() + timedelta(days=365)
    broker["worker"] = ahead
    Scan.objects.create(library=library, trigger="api", state="running", heartbeat_at=ahead)
    worker = as_admin.get("/api/health").json()["checks"]["worker"]
    assert (worker["ok"], "in the future" in worker["detail"]) == (False, True)
    Scan.objects.update(heartbeat_at=timezone.now())
    assert as_admin.get("/api/health").json()["status"] == "ok"


@pytest.mark.parametrize(("days", "said"), [(365, "ahead by 8,760 hours"), (-2, "back by 48 hours")])
def test_a_clock_that_jumps(as_admin: APIClient, broker: Signs, days: int, said: str) -> None:
    tasks.note_worker()
    machine = Machine(
        wall=timezone.now() - timedelta(days=days),
        boot=clock.read().boot,
        up=timedelta(seconds=clock.read().boot_seconds),
    )
    clock.advance(machine.read())
    answer = as_admin.get("/api/health").json()
    assert answer["status"] == "degraded"
    assert [name for name, check in answer["checks"].items() if not check["ok"]] == ["clock"]
    assert said in answer["checks"]["clock"]["detail"]
    clock.advance()
    live(timedelta(hours=2))
    clock.advance()
    assert as_admin.get("/api/health").json()["status"] == "ok"


def test_no_broker(as_admin: APIClient, library: Library, settings: Any) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    answer = as_admin.get("/api/health").json()
    assert answer["status"] == "degraded"
    assert answer["checks"]["broker"]["ok"] is False
    assert answer["checks"]["broker"]["detail"] == "The message broker does not answer."
    for name in ("scheduler", "worker"):
        assert answer["checks"][name]["detail"] == f"The {name} cannot be checked without the broker."
    Scan.objects.create(library=library, trigger="api", state="running", heartbeat_at=timezone.now())
    assert as_admin.get("/api/health").json()["checks"]["worker"]["ok"] is True


def test_an_open_broker_is_warned_of(
    as_admin: APIClient, as_member: APIClient, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis.Redis, "ping", lambda self: True)
    for url, is_said in (("redis://10.0.0.1:6379/0", True), ("redis://:secret@10.0.0.1:6379/0", False)):
        settings.CELERY_BROKER_URL = url
        check = as_admin.get("/api/health").json()["checks"]["broker"]
        assert (check["ok"], OPEN_BROKER in check["detail"]) == (True, is_said)
        assert "secret" not in check["detail"]
        assert set(as_member.get("/api/health").json()) == {"status"}


def test_no_database(
    as_anonymous: APIClient, as_admin: APIClient, broker: Signs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DatabaseError("the server is gone; its password is hunter2")

    monkeypatch.setattr(connection, "cursor", fail)
    for client in (as_anonymous, as_admin):
        response = client.get("/api/health")
        assert response.status_code == 503
        assert response.json() == {"status": "fail", "error": "The database does not answer."}
    assert as_anonymous.get("/api/health/live").json() == {"status": "ok"}


def test_a_bad_token_does_not_matter(as_anonymous: APIClient, broker: Signs) -> None:
    response = as_anonymous.get("/api/health", HTTP_AUTHORIZATION="Bearer nonsense")
    assert response.status_code == 200
    assert set(response.json()) == {"status"}


def test_a_full_disk(as_admin: APIClient, broker: Signs, settings: Settings) -> None:
    tasks.note_worker()
    settings.LEAST_DISK_BYTES = 2**62  # whatever is free is too little
    answer = as_admin.get("/api/health").json()
    assert (answer["status"], answer["checks"]["disk"]["ok"]) == ("degraded", False)
    assert answer["checks"]["disk"]["detail"].startswith("The disk of the server is full: ")
    settings.LEAST_DISK_BYTES = 0
    assert as_admin.get("/api/health").json()["status"] == "ok"


def test_a_scan_that_waits_for_something(as_admin: APIClient, library: Library, broker: Signs) -> None:
    tasks.note_worker()
    Scan.objects.create(library=library, trigger="api", error="The database is busy.", retry_at=timezone.now())
    answer = as_admin.get("/api/health").json()
    assert answer["status"] == "degraded"
    assert answer["checks"]["scans"]["detail"] == "A scan of “Rock” waits: The database is busy."


def test_without_ffmpeg_an_admin_is_told_and_the_server_is_well(
    as_anonymous: APIClient, as_admin: APIClient, broker: None, configure: Configure, settings: Settings
) -> None:
    tasks.note_worker()
    configure(media=dataclasses.replace(settings.CONF.media, ffmpeg_path="/nowhere/ffmpeg"))
    check = as_admin.get("/api/health").json()["checks"]["ffmpeg"]
    assert (check["ok"], "no ffmpeg" in check["detail"]) == (False, True)
    assert as_anonymous.get("/api/health").json() == {"status": "ok"}
    configure(media=dataclasses.replace(settings.CONF.media, max_transcodes=0))
    assert as_admin.get("/api/health").json()["checks"]["ffmpeg"]["ok"]
