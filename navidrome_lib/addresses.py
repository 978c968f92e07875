"""From the path of a request to its view, without looking through all patterns each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.urls import ResolverMatch, URLPattern, URLResolver
from django.urls.resolvers import RoutePattern

# there are fewer addresses without an id; more are the inventions of a client
_MOST: Final = 512
_LONGEST: Final = 80


class RememberingResolver(URLResolver):
    """Patterns that are looked through once for each path without an id.

    To try a hundred patterns one after the other takes some 50 µs, as much as a question to the database.
    """

    def __init__(self, patterns: Sequence[URLPattern | URLResolver], *, most: int = _MOST) -> None:
        super().__init__(RoutePattern("", is_endpoint=False), patterns)
        self.remembered: dict[str, ResolverMatch] = {}
        self._most = most

    def resolve(self, path: str) -> ResolverMatch:
        found = self.remembered.get(path)
        if found is None:
            found = super().resolve(path)
            if not found.kwargs and not found.args and len(path) <= _LONGEST:
                if len(self.remembered) >= self._most:
                    self.remembered.clear()
                found.tried = None
                self.remembered[path] = found
        return found
