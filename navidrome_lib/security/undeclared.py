"""Proxies that no option names, noticed by the headers that they add: an admin is told what to set.

Any client can send such a header, too. So what is noticed is bounded, changes no verdict on the server's health, and
addresses of the own network, where proxies are, come first.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from navidrome_lib.config.env import UNIX_SOCKET
from navidrome_lib.security.proxies import UNDECLARED, is_trusted, parse

logger = logging.getLogger(__name__)

KEPT_SECONDS: Final = 24 * 3600
# a process tells the others of one address this often at most: what a request costs otherwise is one look
AGAIN_SECONDS: Final = 600
# addresses of each kind that are remembered, and that one process tells of in this time
MOST_KEPT: Final = 4
MOST_TOLD: Final = 16
KINDS: Final = ("local", "other")


class _Told:
    """When this process last told of an address."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[str, dict[str, float]] = {kind: {} for kind in KINDS}

    def is_due(self, kind: str, address: str) -> bool:
        """Whether to tell of this address now; False also while too many others of its kind were told of."""
        now = time.monotonic()
        with self._lock:
            until = {other: end for other, end in self._until[kind].items() if end > now}
            due = address not in until and len(until) < MOST_TOLD
            if due:
                until[address] = now + AGAIN_SECONDS
            self._until[kind] = until
        return due


_told = _Told()


def kind_of(address: str) -> str:
    """`local` for a socket and for addresses of machines and private networks, else `other`."""
    parsed = parse(address)
    return "local" if parsed is None or not parsed.is_global else "other"


def notice(peer: str) -> None:
    """Remember the address of a peer that sends headers of a proxy, and log it the first time."""
    parsed = parse(peer)
    address = UNIX_SOCKET if not peer else str(parsed) if parsed is not None else ""
    if not address or not _told.is_due(kind := kind_of(address), address):
        return
    if cache.add(f"undeclared-proxy:{address}", True, KEPT_SECONDS):
        logger.warning("%s", sentence([address]))
    kept = [other for other in cache.get(f"undeclared-proxies:{kind}") or [] if other != address]
    cache.set(f"undeclared-proxies:{kind}", [*kept, address][-MOST_KEPT:], KEPT_SECONDS)


def undeclared() -> list[str]:
    """The addresses to tell of: those of the own network, else the others; none that is declared by now."""
    for kind in KINDS:
        kept = [address for address in cache.get(f"undeclared-proxies:{kind}") or [] if not is_declared(address)]
        if kept:
            return kept
    return []


def is_declared(address: str) -> bool:
    """Whether ND_TRUSTEDPROXIES names the address."""
    parsed = parse(address)
    return is_trusted(parsed) if parsed is not None else address in settings.CONF.trusted_proxies


def sentence(addresses: list[str]) -> str:
    """What is wrong, and the option with the value that helps."""
    named = ", ".join("a socket in the file system" if address == UNIX_SOCKET else address for address in addresses)
    value = ",".join([*settings.CONF.trusted_proxies, *addresses])
    return (
        f"Requests from {named} carry headers of a proxy (X-Forwarded-For and the like), which are not believed: all "
        "clients behind it count as one address, and HTTPS is taken for HTTP. If that is your proxy, set "
        f"ND_TRUSTEDPROXIES={value} and restart, and have it send X-Forwarded-For and X-Forwarded-Proto; if not, do "
        "nothing, for any client can send such headers."
    )


def notice_undeclared_proxies(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Notice peers that no option names and that send headers of a proxy."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.META.get(UNDECLARED):
            notice(request.META.get("REMOTE_ADDR") or "")
        return get_response(request)

    return middleware
