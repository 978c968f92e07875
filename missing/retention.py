"""Purging by itself what has been missing for longer than an admin allowed; by default that is never.

Nothing is purged by the calendar. A file's time runs only while the server lives and finds the library online, and
only until the last complete scan: a clock that jumps, a server that was switched off, or a disk that is away, makes
no file older. Looks are taken once an hour; each may count an hour too little, and never one too much.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from libraries import clock
from libraries.choices import ScanState
from libraries.models import Library
from missing.models import Absence, MissingFile, OnlineTime, PurgeReason
from missing.purges import PurgeResult, purge_absences
from navidrome_lib.db.bulk import chunks

DAY_SECONDS = 86_400


@transaction.atomic
def count_online_time(library: Library, lived_seconds: float) -> OnlineTime:
    """Take a look at a library: count the time that it was online, and since when its files are missing by it."""
    first = {"looked_at_seconds": lived_seconds}
    OnlineTime.objects.get_or_create(library=library, defaults=first)
    time = OnlineTime.objects.select_for_update().get(library=library)
    before, is_online = time.seconds, library.offline_since is None
    if time.was_online and is_online:
        time.seconds += max(lived_seconds - time.looked_at_seconds, 0.0)
    if library.last_scan_at != time.scanned_at:
        time.scanned_at, time.scanned_seconds = library.last_scan_at, before
    time.looked_at_seconds, time.was_online = lived_seconds, is_online
    time.save()
    follow_absences(library, time.seconds)
    return time


def follow_absences(library: Library, seconds: float) -> None:
    """Keep one row for each moment at which files went missing that still are."""
    # what came back and went again has another moment, and so another time
    missing = MissingFile.objects.filter(library=library, missing_since__isnull=False).order_by()
    found = missing.values_list("missing_since", flat=True).distinct()
    moments = {moment for moment in found if moment is not None}
    known = dict(Absence.objects.filter(library=library).values_list("missing_since", "pk"))
    for piece in chunks(pk for moment, pk in known.items() if moment not in moments):
        Absence.objects.filter(pk__in=piece).delete()
    Absence.objects.bulk_create(
        [Absence(library=library, missing_since=at, since_seconds=seconds) for at in sorted(moments - set(known))],
        ignore_conflicts=True,
        batch_size=500,
    )


def expired_files(library: Library, time: OnlineTime) -> dict[str, datetime | None]:
    """The missing files of a library whose time is over, each with the instant since when it is missing.

    None while the library is offline or being scanned, or has a held scan.
    """
    days = library.missing_retention_days
    unsettled = library.scans.filter(state__in=(ScanState.QUEUED, ScanState.RUNNING, ScanState.HELD))
    if not days or library.last_scan_at is None or library.offline_since or library.deleted_at or unsettled.exists():
        return {}
    over = Absence.objects.filter(library=library, since_seconds__lte=time.scanned_seconds - days * DAY_SECONDS)
    files = MissingFile.objects.filter(library=library, missing_since__in=over.values("missing_since"))
    return dict(files.order_by("pk").values_list("pk", "missing_since"))


def apply_retention(reading: clock.ClockReading | None = None) -> list[PurgeResult]:
    """Purge what is over in every library that has a retention; each purge can be undone like any other.

    Nothing is purged while the clock jumps.
    """
    now = clock.advance(reading)
    done = []
    for library in Library.objects.active().order_by("pk"):
        if library.missing_retention_days is None and not library.total_missing_files:
            continue
        time = count_online_time(library, now.lived_seconds)
        absences = expired_files(library, time) if now.jumped_at is None else {}
        if absences:
            done.append(purge_absences(absences, reason=PurgeReason.RETENTION))
    return done
