"""Statistics of the catalog, counted and kept on this server."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Count, Sum
from django.utils import timezone

from libraries.models import Album, Artist, Library, LibraryArtist, MediaFile
from system.models import InsightsRun

logger = logging.getLogger(__name__)

RUNS_KEPT = 100
EVERY = timedelta(days=1)


def statistics() -> dict[str, Any]:
    """The statistics as they are now."""
    files = MediaFile.objects.filter(library__deleted_at__isnull=True)
    present = files.present()
    sums = present.aggregate(songs=Count("pk"), size=Sum("size"), duration=Sum("duration"))
    suffixes = present.order_by("suffix").values_list("suffix").annotate(n=Count("pk"))
    with_songs = LibraryArtist.objects.filter(library__deleted_at__isnull=True, song_count__gt=0)
    return {
        "libraries": Library.objects.active().count(),
        "songs": sums["songs"],
        "albums": Album.objects.filter(library__deleted_at__isnull=True).present().count(),
        "artists": Artist.objects.filter(pk__in=with_songs.values("artist")).count(),
        "size": sums["size"] or 0,
        "duration": sums["duration"] or 0.0,
        "missing": files.missing().count(),
        "bySuffix": dict(suffixes),
    }


def is_enabled() -> bool:
    return bool(settings.CONF.enable_insights_collector)


def collect() -> InsightsRun | None:
    """Count and write down; None when this is switched off. A failure is a run, too."""
    if not is_enabled():
        return None
    run = InsightsRun(started_at=timezone.now())
    try:
        with transaction.atomic():
            run.statistics = statistics()
    except DatabaseError as error:
        logger.exception("the statistics could not be collected")
        run.success, run.error = False, str(error)[:2000]
    run.save()
    kept = InsightsRun.objects.order_by("-pk").values_list("pk", flat=True)[:RUNS_KEPT]
    InsightsRun.objects.exclude(pk__in=list(kept)).delete()
    return run


def collect_if_due(*, now: datetime | None = None) -> InsightsRun | None:
    """Collect when the last run is a day old; one that is dated in the future is due, too."""
    now = now or timezone.now()
    last = InsightsRun.objects.order_by("-pk").first()
    if last is not None and now - EVERY < last.started_at <= now:
        return None
    return collect()


def last_run() -> InsightsRun | None:
    """The last collection; the first question makes the first one. None when this is switched off."""
    if not is_enabled():
        return None
    return InsightsRun.objects.order_by("-pk").first() or collect()
