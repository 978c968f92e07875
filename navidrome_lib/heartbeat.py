"""The heartbeats of scheduler, worker and watcher: keys in the broker, so that an idle server writes to no disk."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime
from typing import Final, Literal

import redis
from django.conf import settings

from navidrome_lib.config.redis_urls import client_url

logger = logging.getLogger(__name__)

Part = Literal["scheduler", "worker", "watcher"]
# how often the scheduler shows that it is alive
BEAT_SECONDS: Final = 30.0
# what a page asks for again and again is asked of the broker so often, and of one that is away so much less
REMEMBER_SECONDS: Final = 2.0
AWAY_SECONDS: Final = 10.0


class Unknown(Exception):
    """The broker cannot be asked."""


def connect(url: str | None = None) -> redis.Redis:
    """A client of the broker that gives up after a second."""
    address = client_url(url or settings.CELERY_BROKER_URL)
    return redis.Redis.from_url(address, socket_timeout=1, socket_connect_timeout=1)


def note(part: Part) -> None:
    """Called by a part of the server that is alive. What the broker does not take is noted next time."""
    try:
        with connect() as client:
            client.set(f"navidrome_lib.{part}", repr(time.time()))
    except (redis.RedisError, OSError) as error:
        logger.warning("the %s's heartbeat could not be noted: %s", part, error)


def last_seen(part: Part, *, url: str | None = None) -> datetime | None:
    """When a part last noted that it is alive; None when it never did. Raises Unknown without the broker."""
    try:
        with connect(url) as client:
            found = client.get(f"navidrome_lib.{part}")
    except (redis.RedisError, OSError, ValueError) as error:
        raise Unknown from error
    try:
        return datetime.fromtimestamp(float(found), UTC) if isinstance(found, bytes) else None
    except (ValueError, OverflowError, OSError):
        return None


class Recently:
    """The heartbeat of one part as it was a moment ago, for pages that ask for it with every request."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._lock = threading.Lock()
        self._ask_at = 0.0
        self._seen: datetime | Unknown | None = None

    def seen(self) -> datetime | None:
        """The same as `last_seen`."""
        with self._lock:
            if time.monotonic() >= self._ask_at:
                self._ask()
            if isinstance(self._seen, Unknown):
                raise self._seen
            return self._seen

    def _ask(self) -> None:
        try:
            self._seen, pause = last_seen(self._part), REMEMBER_SECONDS
        except Unknown as error:
            self._seen, pause = error, AWAY_SECONDS
        self._ask_at = time.monotonic() + pause


_watcher = Recently("watcher")


def watcher_seen() -> datetime | None:
    """When the watcher last noted that it is alive, at most two seconds ago; raises Unknown without the broker."""
    return _watcher.seen()
