"""Purging by itself what has been missing for longer than an admin allowed; by default that is never.

Nothing is purged by the calendar alone. A file's time runs only while its library is known to be online, and only
until the last complete scan: a server that was switched off, or a disk that is away, makes no file older.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from libraries.models import Library, ScanState
from missing.models import MissingFile, OfflinePeriod, PurgeReason
from missing.services import PurgeResult, purge_missing_files


def observe_offline(*, now: datetime | None = None) -> None:
    """Write down which libraries are away, and since when; and which have come back."""
    now = now or timezone.now()
    away = dict(Library.objects.active().filter(offline_since__isnull=False).values_list("pk", "offline_since"))
    for period in OfflinePeriod.objects.filter(ended_at__isnull=True):
        if away.get(period.library_id) != period.started_at:
            # a path that was changed meanwhile ends the time, too: conditional, the task may run twice at once
            OfflinePeriod.objects.filter(pk=period.pk, ended_at__isnull=True).update(ended_at=now)
    OfflinePeriod.objects.bulk_create(
        [OfflinePeriod(library_id=pk, started_at=since) for pk, since in sorted(away.items()) if since],
        ignore_conflicts=True,
    )


def online_since(end: datetime, span: timedelta, away: Iterable[tuple[datetime, datetime]]) -> datetime:
    """The moment from which on, until `end`, a library was online for `span` altogether.

    `away` are the times in which it was not.
    """
    # by their ends, the last first: one that lies inside another then adds nothing
    for start, stop in sorted(away, key=lambda period: period[1], reverse=True):
        stop = min(stop, end)
        if start >= stop:
            continue
        if end - stop >= span:
            break
        span -= end - stop
        end = start
    return end - span


def expired_files(library: Library, *, now: datetime | None = None) -> list[str]:
    """The missing files of a library whose time is over; none while it is offline or being scanned, or has doubts."""
    days = library.missing_retention_days
    end = library.last_scan_at
    unsettled = library.scans.filter(state__in=(ScanState.QUEUED, ScanState.RUNNING, ScanState.HELD))
    if not days or end is None or library.offline_since or library.deleted_at or unsettled.exists():
        return []
    now = now or timezone.now()
    periods = OfflinePeriod.objects.filter(library=library).values_list("started_at", "ended_at")
    limit = online_since(end, timedelta(days=days), [(start, stop or now) for start, stop in periods])
    files = MissingFile.objects.filter(library=library, missing_since__lte=limit)
    return list(files.order_by("pk").values_list("pk", flat=True))


def apply_retention(*, now: datetime | None = None) -> list[PurgeResult]:
    """Purge what is over in every library that has a retention; each purge can be undone like any other."""
    observe_offline(now=now)
    done = []
    for library in Library.objects.active().filter(missing_retention_days__isnull=False).order_by("pk"):
        ids = expired_files(library, now=now)
        if ids:
            done.append(purge_missing_files(ids, reason=PurgeReason.RETENTION))
    return done
