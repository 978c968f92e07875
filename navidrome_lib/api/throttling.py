"""Limits by a key and a number per minute, kept in the cache."""

from __future__ import annotations

import contextlib
import hashlib
import time

from django.core.cache import cache

HOUR_SECONDS = 3_600


class Throttle:
    """At most `limit` hits per `window` seconds for one key; a limit of 0 means none.

    The counter is one atomic increment per hit, so that parallel requests cannot slip through together.
    """

    def __init__(self, name: str, *, limit: int, window: int = 60) -> None:
        self.name = name
        self.limit = limit
        self.window = window

    def key(self, *parts: str) -> str:
        """The key of the cache for these parts, whatever characters they have."""
        digest = hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        # the cache goes by the clock: a count that began while that was ahead would last until then
        hour = int(time.time() // HOUR_SECONDS)
        return f"throttle:{self.name}:{hour}:{digest}"

    def wait(self, *parts: str) -> int:
        """Count one hit; 0 when it is allowed, else the seconds to wait."""
        if self.limit <= 0:
            return 0
        key = self.key(*parts)
        cache.add(key, 0, timeout=self.window)
        try:
            hits = cache.incr(key)
        except ValueError:  # it expired between the two calls
            cache.set(key, 1, timeout=self.window)
            hits = 1
        return self.window if hits > self.limit else 0

    def peek(self, *parts: str) -> int:
        """The seconds to wait, without counting anything."""
        if self.limit <= 0:
            return 0
        return self.window if int(cache.get(self.key(*parts)) or 0) >= self.limit else 0

    def undo(self, *parts: str) -> None:
        """Take one hit back, which turned out to be none."""
        # ValueError: the window ended meanwhile
        with contextlib.suppress(ValueError):
            cache.decr(self.key(*parts))

    def forget(self, *parts: str) -> None:
        """Drop the count, after a success."""
        cache.delete(self.key(*parts))
