"""When a service is asked again after a failure, and whether that moment has come."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import Q

from navidrome_lib.outgoing.problems import TryLater

FIRST_WAIT: Final = 60.0


def wait_after(failures: int, longest: float) -> float:
    """Seconds until the next try after a number of failures: each time twice as many, and never more than `longest`."""
    return min(FIRST_WAIT * 2.0 ** min(failures, 16), longest)


def wait_for(problem: TryLater, failures: int, longest: float) -> float:
    """The same, unless the service has said how long it wants to be left alone."""
    return wait_after(failures, longest) if problem.seconds is None else max(problem.seconds, 1.0)


def at_or_before(field: str, now: datetime) -> Q:
    """The condition that a moment has come, or was never set."""
    return Q(**{field: None}) | Q(**{f"{field}__lte": now})
