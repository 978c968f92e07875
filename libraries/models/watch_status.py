"""What the watcher last said about a library."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from libraries.choices import WatchState
from libraries.labels import WATCH_STATE_LABELS
from libraries.models.library import Library
from navidrome_lib import heartbeat

# a watcher that was silent for so long has ended
SILENT_AFTER = timedelta(seconds=45)


class WatchStatus(models.Model):
    """One row for each library that the watcher looks after, written when something changes.

    `heartbeat_at`: when it said so. That it still lives is a heartbeat in the broker: a row would be written for ever.
    """

    library = models.OneToOneField(Library, on_delete=models.CASCADE, primary_key=True, related_name="watch_status")
    state = models.CharField(max_length=16, choices=WATCH_STATE_LABELS)
    reason = models.TextField(default="", blank=True)
    heartbeat_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "watch status"

    def __str__(self) -> str:
        return f"{self.library_id}: {self.state}"


def watcher_of(library: Library, *, now: datetime | None = None) -> tuple[WatchState, str]:
    """(state, reason) of a library from `with_scan_state`."""
    if not library.watch:
        return WatchState.OFF, ""
    if library.watch_state is None or not _lives(now or timezone.now()):
        return WatchState.OFF, "The watcher is not running, or has not checked this library yet."
    return WatchState(library.watch_state), library.watch_reason or ""


def _lives(now: datetime) -> bool:
    """Whether the watcher was heard of lately; without the broker it is taken to live, for it can go on without."""
    try:
        seen = heartbeat.watcher_seen()
    except heartbeat.Unknown:
        return True
    # a sign from the future was given while the clock was wrong
    return seen is not None and abs(now - seen) <= SILENT_AFTER
