"""Limits that are no options of a server: each kind is a dataclass of the app that keeps to it, with its defaults."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar, cast

from django.conf import settings

Limits = TypeVar("Limits")


def limits_of(kind: type[Limits]) -> Limits:
    """The limits of that kind: the setting `LIMITS` may have others than its defaults, as for a test."""
    found: Limits = settings.LIMITS.get(kind) or _defaults(cast("Any", kind))
    return found


@cache
def _defaults(kind: Any) -> Any:
    return kind()
