"""The heartbeat of the scheduler: a key in the broker, because the scheduler has no business with the database."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime

import redis
from django.conf import settings

from navidrome_lib.config.redis_urls import client_url

logger = logging.getLogger(__name__)

KEY = "navidrome_lib.scheduler"
# how often the scheduler shows that it is alive
BEAT_SECONDS = 30.0


def connect(url: str | None = None) -> redis.Redis:
    """A client of the broker that gives up after a second."""
    address = client_url(url or settings.CELERY_BROKER_URL)
    return redis.Redis.from_url(address, socket_timeout=1, socket_connect_timeout=1)


def note_scheduler() -> None:
    """Called by the scheduler behind a task that it has sent. What the broker does not take is noted next time."""
    try:
        with connect() as client:
            client.set(KEY, repr(time.time()))
    except (redis.RedisError, OSError) as error:
        logger.warning("the scheduler's heartbeat could not be noted: %s", error)


def scheduler_seen(url: str | None = None) -> datetime | None:
    """When the scheduler last sent a task; None when it never did. Raises what the broker's client raises."""
    with connect(url) as client:
        found = client.get(KEY)
    try:
        return datetime.fromtimestamp(float(found), UTC) if isinstance(found, bytes) else None
    except (ValueError, OverflowError, OSError):
        return None
