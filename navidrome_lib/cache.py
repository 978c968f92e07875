"""The cache: shared by all processes where there is a Redis, and of each process its own while that is away."""

from __future__ import annotations

import json
import logging
import time
from typing import Any, ClassVar, Final

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient

from navidrome_lib.outages import outage_of

logger = logging.getLogger(__name__)

# so long a server that did not answer is not asked again: each question may take a second
AWAY_SECONDS: Final = 5.0


# a Redis may be shared with other programs, and with versions that kept something else under the same name
PREFIX: Final = "navidrome_lib.json"


class JSONSerializer:
    """Keeps values as JSON: who can write to the Redis can lie to us, but have us run nothing.

    A tuple comes back as a list.
    """

    def dumps(self, value: Any) -> int | bytes:
        """The value as Redis keeps it: whole numbers as they are, so that it can count them."""
        # a truth value is a number to Python
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        """The value that was kept; None for what we cannot have written."""
        try:
            return json.loads(data)
        except ValueError:
            return None


class KeptClient(RedisCacheClient):
    """Asks its one server through one client: making one for each question takes as long as a third of the question."""

    _kept: Any = None

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """The client, which takes a connection of the pool for each question."""
        if self._kept is None:
            self._kept = super().get_client(key, write=write)
        return self._kept


class KeptRedisCache(RedisCache):
    """Django's cache in Redis, with the clients kept."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = KeptClient


class SharedCache(BaseCache):
    """What is kept here (counts of attempts, results of long counts) may be lost; no request is refused for that."""

    # by address, for all threads: each has an object of its own, but they lose the same server at the same time
    _away_until: ClassVar[dict[str, float]] = {}

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._server = server
        params = {"KEY_PREFIX": PREFIX, **params}
        options = {"serializer": JSONSerializer(), **params.get("OPTIONS", {})}
        self._away_seconds: float = options.pop("away_seconds", AWAY_SECONDS)
        self._shared = KeptRedisCache(server, {**params, "OPTIONS": options})
        self._own = LocMemCache("while-away", {**params, "OPTIONS": {}})

    def _call(self, name: str, *values: Any) -> Any:
        if time.monotonic() >= self._away_until.get(self._server, 0.0):
            try:
                return getattr(self._shared, name)(*values)
            except Exception as error:
                outage = outage_of(error)
                if outage is None:
                    raise
                self._away_until[self._server] = time.monotonic() + self._away_seconds
                logger.warning("the shared cache is away, each process keeps its own: %s", outage.sentence)
        return getattr(self._own, name)(*values)

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        return bool(self._call("add", key, value, timeout, version))

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._call("get", key, default, version)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> None:
        """Keep a value. What is not JSON, such as the results of the theme's search, is not kept."""
        try:
            self._call("set", key, value, timeout, version)
        except TypeError:
            self.delete(key, version)
            logger.debug("%s is not kept: its value is not JSON", key)

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        return bool(self._call("touch", key, timeout, version))

    def delete(self, key: Any, version: Any = None) -> bool:
        return bool(self._call("delete", key, version))

    def has_key(self, key: Any, version: Any = None) -> bool:
        return bool(self._call("has_key", key, version))

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> int:
        return int(self._call("incr", key, delta, version))

    def clear(self) -> None:
        self._call("clear")
