"""When the schedule of a library, or else that of the server, next asks for a scan."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from libraries.clock import SKEW
from libraries.models import Library
from navidrome_lib.config.schedules import next_due


def next_scan_time(library: Library, *, now: datetime | None = None) -> datetime | None:
    """When the schedule of a library from `with_scan_state`, or else that of the server, next asks for a scan.

    A moment in the past was missed, because a scan ran or the server was down: it is made up for once. So is one after
    a last scan that is dated in the future. A schedule of the server that makes no sense never comes.
    """
    now = now or timezone.now()
    schedule = library.schedule or settings.CONF.scanner.schedule
    last = library.last_scheduled_at
    since = [moment for moment in (library.schedule_since or library.created_at, last) if moment is not None]
    past = [moment for moment in since if moment <= now + SKEW]
    try:
        if not past or last not in (None, *past):
            return now if next_due(schedule, now) is not None else None
        return next_due(schedule, max(past))
    except ValueError:
        return None
