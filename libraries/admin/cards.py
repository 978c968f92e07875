"""Cards of the dashboard: the state and totals of each library, and the progress of its scan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from libraries import progress
from libraries.choices import ACTIVE_STATES, LibraryStatus, ScanPhase, ScanState, WatchState
from libraries.labels import LIBRARY_STATUS_LABELS, SCAN_PHASE_LABELS
from libraries.models import Library, Scan, ScanProblem
from libraries.models.watch_status import watcher_of
from libraries.schedule import next_scan_time
from libraries.serializers import library_status
from navidrome_lib.admin import formatting


@dataclass(frozen=True, kw_only=True)
class ProgressBar:
    """The progress of a queued or running scan, as text."""

    scan: Scan
    title: str
    detail: str
    folder: str
    percent: int | None


@dataclass(frozen=True, kw_only=True)
class Card:
    """The card of one library. `held` is the scan that needs approval."""

    library: Library
    status: LibraryStatus
    reason: str
    problems: int
    next_scan: datetime | None
    watcher: tuple[WatchState, str]
    progress: ProgressBar | None
    waiting: bool
    held: Scan | None
    last: Scan | None

    @property
    def shown_status(self) -> str:
        """The status, as a person reads it."""
        return str(LIBRARY_STATUS_LABELS[self.status])

    @property
    def is_offline(self) -> bool:
        return self.status == LibraryStatus.OFFLINE

    @property
    def failed(self) -> Scan | None:
        """The last scan, when it failed."""
        return self.last if self.last is not None and self.last.state == ScanState.FAILED else None

    @property
    def watching(self) -> str:
        """How the folder is looked after between scans; why it is not."""
        state, reason = self.watcher
        return {
            WatchState.OFF: reason,
            WatchState.POLLING: _("Checked for changes at intervals."),
            WatchState.WATCHING: _("Watched for changes."),
        }[state]


def cards_of(libraries: QuerySet[Library], *, now: datetime | None = None) -> list[Card]:
    """The cards of some libraries, by name. Five queries, however many libraries."""
    now = now or timezone.now()
    shown = list(libraries.with_scan_state().order_by("name_key", "pk"))  # type: ignore[attr-defined]
    keys = [library.pk for library in shown]
    scans = Scan.objects.filter(library__in=keys)
    active = list(scans.filter(state__in=ACTIVE_STATES).order_by("pk"))
    held = {scan.library_id: scan for scan in scans.filter(state=ScanState.HELD).order_by("pk")}
    ended = {scan.library_id: scan for scan in last_scans(keys)}
    problems = dict(
        ScanProblem.objects.filter(library__in=keys, resolved_at__isnull=True)
        .order_by().values_list("library").annotate(n=Count("pk"))
    )  # fmt: skip
    found = []
    for library in shown:
        status, reason = library_status(library)
        mine = [scan for scan in active if scan.library_id == library.pk]
        running = next((scan for scan in mine if scan.state == ScanState.RUNNING), mine[0] if mine else None)
        found.append(
            Card(
                library=library,
                status=status,
                reason=reason,
                problems=problems.get(library.pk, 0),
                next_scan=next_scan_time(library, now=now),
                watcher=watcher_of(library, now=now),
                progress=progress_bar_of(running, now) if running else None,
                waiting=len(mine) > 1,
                held=held.get(library.pk),
                last=ended.get(library.pk),
            )
        )
    return found


def last_scans(library_ids: Iterable[int]) -> list[Scan]:
    """The last scan of each library that came to an end, whatever the end."""
    ended = Scan.objects.filter(library__in=list(library_ids)).exclude(state__in=ACTIVE_STATES).order_by()
    newest = ended.values("library").annotate(newest=Max("pk")).values("newest")
    return list(Scan.objects.filter(pk__in=newest))


def progress_bar_of(scan: Scan, now: datetime) -> ProgressBar:
    """The phase, rate and remaining time of a scan, as far as they are known."""
    if scan.state == ScanState.QUEUED:
        title = _("Interrupted, waiting to continue") if scan.error else _("Waiting for a worker")
        return ProgressBar(scan=scan, title=title, detail=scan.error, folder="", percent=None)
    if scan.cancel_requested:
        return ProgressBar(scan=scan, title=_("Cancelling"), detail="", folder="", percent=None)
    rates = progress.progress_of(scan, now)
    parts = [formatting.files(scan.seen)]
    if scan.files_total:
        parts = [
            _("%(seen)s of %(total)s")
            % {"seen": formatting.number(scan.seen), "total": formatting.files(scan.files_total)}
        ]
    if rates.rate >= 1:
        parts.append(_("%(rate)s files/s") % {"rate": formatting.number(rates.rate)})
    if rates.eta:
        parts.append(formatting.left(rates.eta))
    title = str(SCAN_PHASE_LABELS.get(scan.phase, SCAN_PHASE_LABELS[ScanPhase.STARTING]))
    percent = None if rates.progress is None else int(rates.progress * 100)
    return ProgressBar(scan=scan, title=title, detail=" · ".join(parts), folder=scan.current_folder, percent=percent)


def card_json(card: Card) -> dict[str, Any]:
    """The card as JSON for the script that follows a scan; every value is text to show as it is."""
    running = card.progress
    return {
        "id": card.library.pk,
        "active": running is not None,
        "scan": running.scan.pk if running else None,
        "title": running.title if running else "",
        "detail": running.detail if running else "",
        "folder": running.folder if running else "",
        "percent": running.percent if running else None,
        "values": {
            "songs": formatting.number(card.library.total_songs),
            "duration": formatting.duration(card.library.total_duration),
            "size": formatting.size(card.library.total_size),
            "missing": formatting.number(card.library.total_missing_files),
            "problems": formatting.number(card.problems),
        },
    }


def took(scan: Scan) -> timedelta | None:
    """The duration of a scan; None when it never ran."""
    if scan.started_at is None or scan.finished_at is None:
        return None
    return scan.finished_at - scan.started_at
