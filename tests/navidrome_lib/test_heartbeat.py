"""Heartbeats in a real broker, and without one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.utils import timezone
from pytest_django.fixtures import Settings

from navidrome_lib import heartbeat
from tests.support.processes import restartable_broker


def test_a_part_that_noted_itself_was_seen(
    tmp_path: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with restartable_broker(tmp_path / "broker") as broker:
        settings.CELERY_BROKER_URL = broker.url
        assert heartbeat.last_seen("worker") is None
        heartbeat.note("worker")
        seen = heartbeat.last_seen("worker")
        assert seen is not None
        assert abs(timezone.now() - seen) < timedelta(minutes=1)
        assert heartbeat.last_seen("watcher") is None
        with redis.Redis.from_url(broker.url) as client:
            client.set("navidrome_lib.watcher", "a while ago")
        assert heartbeat.last_seen("watcher") is None
        recently = heartbeat.Recently("worker")
        assert recently.seen() == seen
        broker.kill()
        # remembered, so that no page waits for it
        assert recently.seen() == seen
        with pytest.raises(heartbeat.Unknown):
            heartbeat.last_seen("worker")
        heartbeat.note("worker")
        assert "the worker's heartbeat could not be noted" in caplog.text
        broker.start()
        assert heartbeat.last_seen("worker") is None


def test_a_broker_that_is_away_is_not_asked_by_every_page(settings: Settings) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    recently = heartbeat.Recently("watcher")
    said = []
    for _ in range(2):
        with pytest.raises(heartbeat.Unknown) as error:
            recently.seen()
        said.append(error.value)
    assert said[0] is said[1]
