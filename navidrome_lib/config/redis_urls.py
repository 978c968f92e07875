"""One Redis address in the two spellings that its clients want."""

from __future__ import annotations

DEFAULT = "redis://localhost:6379/0"


def broker_url(url: str) -> str:
    """The address as Celery spells it: sockets are `redis+socket://`."""
    return "redis+socket://" + url.removeprefix("unix://") if url.startswith("unix://") else url or DEFAULT


def client_url(url: str) -> str:
    """The address as redis-py spells it: sockets are `unix://`."""
    if not url.startswith("redis+socket://"):
        return url or DEFAULT
    return "unix://" + url.removeprefix("redis+socket://").replace("virtual_host=", "db=")
