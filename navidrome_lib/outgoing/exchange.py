"""One request to a service and its answer, within limits of time and size.

Nothing is followed: neither redirects nor proxies, so that a token goes to the configured address and nowhere else.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from navidrome_lib.outgoing.problems import SecretRefused, TryLater
from navidrome_lib.version import SERVER_VERSION

MAX_BODY: Final = 256 * 1024
# where a service says how long to wait, no longer than that
MAX_WAIT: Final = 24 * 3600.0
_AGENT: Final = f"navidrome-lib/{SERVER_VERSION.split()[0]}"


@dataclass(frozen=True)
class Limits:
    """Seconds: for each step of a request, and for all of it, however slowly the answer comes."""

    step: float = 10.0
    whole: float = 30.0


USUAL: Final = Limits()


@dataclass(frozen=True)
class Reply:
    """What the service answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_ok(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    def json(self) -> dict[str, Any]:
        """The object in the body; empty where there is none."""
        found = self.value()
        return found if isinstance(found, dict) else {}

    def value(self) -> Any:
        """Whatever JSON is in the body; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def wait(self) -> float | None:
        """For how many seconds the service wants to be left alone; None where it does not say."""
        for name in ("retry-after", "x-ratelimit-reset-in"):
            if re.fullmatch(r"\d{1,9}", self.headers.get(name, "").strip(), re.ASCII):
                return min(float(self.headers[name]), MAX_WAIT)
        return None


def ask(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    limits: Limits = USUAL,
    most: int = MAX_BODY,
) -> Reply:
    """The answer to one request; `TryLater` when there is none, or one of more than `most` bytes."""
    parts = urlsplit(url)
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    try:
        with opened(parts.scheme, parts.hostname or "", parts.port, limits) as connection:
            connection.request(method, path, body, {"User-Agent": _AGENT, "Accept": "application/json", **headers})
            response = connection.getresponse()
            data = response.read(most + 1)
    except (OSError, http.client.HTTPException) as error:
        raise TryLater(f"{parts.hostname} cannot be reached: {reason_of(error)}") from error
    if len(data) > most:
        raise TryLater(f"{parts.hostname} answers with more than it should.")
    return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, data)


@contextmanager
def opened(scheme: str, host: str, port: int | None, limits: Limits) -> Iterator[http.client.HTTPConnection]:
    """A connection that is cut off when its time is over: each byte of a slow answer is within the limit of a step."""
    if scheme == "https":
        context = ssl.create_default_context()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=limits.step, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, port, timeout=limits.step)
    is_over = threading.Event()
    timer = threading.Timer(limits.whole, cut_off, [connection, is_over])
    timer.daemon = True
    timer.start()
    try:
        yield connection
        # what came until then may look like a whole answer
        if is_over.is_set():
            raise TimeoutError("it took too long")
    finally:
        timer.cancel()
        connection.close()


def cut_off(connection: http.client.HTTPConnection, is_over: threading.Event) -> None:
    """End a connection, whatever another thread is waiting for on it, and say so."""
    is_over.set()
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def reason_of(error: Exception) -> str:
    """Why, in a few words."""
    return (str(error) or type(error).__name__)[:200]


def complaint(reply: Reply, name: str, said: str) -> TryLater | SecretRefused | None:
    """What every service means by these statuses; None for others."""
    if reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return SecretRefused(f"{name} does not accept the token: {said}")
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        return TryLater(f"{name} wants fewer requests.", reply.wait)
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or not (reply.is_ok or reply.status >= HTTPStatus.BAD_REQUEST):
        return TryLater(f"{name} answers with {reply.status}.", reply.wait)
    return None
