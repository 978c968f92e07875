"""One Redis address in the two spellings that its clients want."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

OPEN_BROKER: Final = (
    "REDIS_URL names a broker on another machine, and no password: "
    "anyone who reaches it can start tasks and read what waits there. Give it a password (requirepass)."
)
DEFAULT = "redis://localhost:6379/0"


def broker_url(url: str) -> str:
    """The address as Celery spells it: sockets are `redis+socket://`."""
    return "redis+socket://" + url.removeprefix("unix://") if url.startswith("unix://") else url or DEFAULT


def client_url(url: str) -> str:
    """The address as redis-py spells it: sockets are `unix://`."""
    if not url.startswith("redis+socket://"):
        return url or DEFAULT
    return "unix://" + url.removeprefix("redis+socket://").replace("virtual_host=", "db=")


def is_open(url: str) -> bool:
    """Whether the address is that of another machine, and holds neither a password nor a client certificate."""
    parts = urlsplit(client_url(url))
    if parts.scheme == "unix":
        return False
    proofs = parse_qs(parts.query).keys() & {"password", "ssl_certfile"}
    return not (is_loopback(parts.hostname or "localhost") or parts.password or proofs)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(unquote(host)).is_loopback
    except ValueError:
        return host == "localhost"
