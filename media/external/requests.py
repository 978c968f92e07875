"""Requests to a service outside, no faster than it likes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from navidrome_lib import stopping
from navidrome_lib.outgoing.exchange import MAX_BODY, Limits, Reply, ask, complaint
from navidrome_lib.outgoing.problems import Problem, TryLater

# answers come in the background, and others wait behind a service that is slow
USUAL: Final = Limits(step=5.0, whole=15.0)

JSON: Final = "application/json"
Query = Mapping[str, str | int]
NO_QUERY: Final[Query] = {}


class Unusable(Problem):
    """The answer to this question makes no sense; others may."""


class NotKnown(Problem):
    """The service does not know what it was asked about."""


@dataclass
class Asker:
    """Asks one service, with `spacing` seconds from the beginning of a request to that of the next."""

    name: str
    spacing: float
    limits: Limits = USUAL
    last: float | None = None

    def get(self, url: str, query: Query = NO_QUERY, *, accept: str = JSON, most: int = MAX_BODY) -> Reply:
        """The answer to a GET, whatever its status. Raises `TryLater`."""
        if self.last is not None:
            time.sleep(max(0.0, self.last + self.spacing - time.monotonic()))
        if stopping.is_asked():
            raise TryLater("The server is being stopped.", 0.0)
        self.last = time.monotonic()
        full = f"{url}?{urlencode(query)}" if query else url
        return ask("GET", full, headers={"Accept": accept}, limits=self.limits, most=most)

    def json(self, url: str, query: Query = NO_QUERY) -> Any:
        """What a service answers in JSON. Raises what its status means, and `Unusable` for what is no JSON."""
        reply = self.get(url, query)
        self.check(reply)
        found = reply.value()
        if found is None:
            raise Unusable(f"{self.name} answers with something that is no JSON.")
        return found

    def check(self, reply: Reply) -> None:
        """Raise what a status means that is not good."""
        if reply.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            raise NotKnown(f"{self.name} does not know it.")
        problem = complaint(reply, self.name, str(reply.status))
        if problem is not None:
            raise problem
        if not reply.is_ok:
            raise Unusable(f"{self.name} answers with {reply.status}.")
