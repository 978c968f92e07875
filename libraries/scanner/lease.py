"""Who may run a scan: claimed by a conditional UPDATE, kept by a heartbeat, fenced by a number, taken from the dead."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, IntegrityError, InterfaceError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from libraries.choices import ScanPhase, ScanState
from libraries.clock import SKEW
from libraries.models import Library, MediaFile, Scan
from libraries.scanner.counters import Counters
from libraries.scanner.limits import ScanLimits
from navidrome_lib import outages, stopping
from navidrome_lib.db.locks import lock_library
from navidrome_lib.db.prepared import PreparedQuery, PreparedUpdate
from navidrome_lib.limits import limits_of

logger = logging.getLogger(__name__)

COUNTERS = tuple(Counters().columns())
PROGRESS = ("phase", "phase_started_at", "phase_seen", "files_total", "current_folder", *COUNTERS)
# conditional on the fence: a worker that was taken for dead must not write over its successor
_MINE = ("id", "fence", "state")
_BEAT = (*PROGRESS, "heartbeat_at", "lease_expires_at")
_END = (*PROGRESS, "settling", "state", "error", "finished_at", "lease_expires_at", "retry_at")
# each transaction of a scan begins with these two
_beat = PreparedUpdate(Scan, _BEAT, _MINE)
_cancelled = PreparedQuery(
    lambda pk: Scan.objects.filter(pk=pk, cancel_requested=True).order_by().values_list("pk", flat=True), int
)
_end = PreparedUpdate(Scan, _END, _MINE)


class LeaseLost(Exception):
    """Another worker owns the scan now, or it has been ended: stop without touching anything."""


class Cancelled(Exception):
    """The scan is asked to stop."""


class Stopped(Exception):
    """The process was asked to stop: its scan is to be queued again."""


class Lease:
    """The right to run one scan. `counters` and `scan` hold the progress in memory; every beat writes it down.

    `unsettled`: another writer has moved tracks of the library to other albums (see write.retags).
    """

    def __init__(
        self,
        scan: Scan,
        on_progress: Callable[[Scan], None] | None = None,
        *,
        limits: ScanLimits | None = None,
        unsettled: bool = False,
    ) -> None:
        self.scan = scan
        self.unsettled = unsettled
        self.limits: ScanLimits = limits or limits_of(ScanLimits)
        self.counters = Counters()
        self._on_progress = on_progress
        self._next_beat = 0.0

    def beat(self, *, force: bool = False) -> None:
        """Every few seconds: stay alive, show the progress, and notice a wish to cancel or to stop."""
        if not force and time.monotonic() < self._next_beat and not stopping.is_asked():
            return
        self._write()

    def phase(self, name: ScanPhase) -> None:
        """Enter a phase."""
        self.scan.phase, self.scan.phase_seen, self.scan.phase_started_at = name, self.counters.seen, timezone.now()
        self._write()

    def at_folder(self, path: str) -> None:
        """Show which folder the scan is at."""
        self.scan.current_folder = path

    def walked(self, files: int, settling: list[str]) -> None:
        """The walk has ended: how many files there are, and the folders that are worth another scan in a moment."""
        self.scan.files_total, self.scan.settling = files, settling

    def _take_counters(self) -> None:
        for name, value in self.counters.columns().items():
            setattr(self.scan, name, value)

    def _write(self) -> None:
        if stopping.is_asked():
            raise Stopped
        self._next_beat = time.monotonic() + self.limits.beat_seconds
        now = timezone.now()
        self._take_counters()
        self.scan.heartbeat_at = now
        self.scan.lease_expires_at = now + self.limits.lease
        self._save(_beat, _BEAT)
        if _cancelled.rows(self.scan.pk):
            raise Cancelled
        if self._on_progress is not None:
            self._on_progress(self.scan)

    def _save(self, update: PreparedUpdate, columns: Sequence[str]) -> None:
        """Write what the scan in memory has in these columns; raises LeaseLost when it is no longer ours."""
        scan = self.scan
        if not update.run([getattr(scan, name) for name in columns], (scan.pk, scan.fence, ScanState.RUNNING)):
            raise LeaseLost

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A short transaction of the scan: it begins by proving the lease, so that no worker writes after losing it."""
        with transaction.atomic():
            self._write()
            yield
        committed()

    def finish(self, state: ScanState, error: str = "") -> None:
        """End the scan; silently nothing when it is no longer ours."""
        scan = self.scan
        self._take_counters()
        scan.state, scan.error = state, error[:2000]
        scan.finished_at = timezone.now()
        scan.lease_expires_at, scan.current_folder, scan.retry_at = None, "", None
        self._save(_end, _END)
        if self._on_progress is not None:
            self._on_progress(scan)


# SQLite has one writer: requests that wait for it look every few milliseconds, and need to find it free now and then
SQLITE_PAUSE = 0.002


def committed() -> None:
    """Called behind every commit of a scan."""
    if connection.vendor == "sqlite":
        time.sleep(SQLITE_PAUSE)


def worker_name(pid: int | None = None) -> str:
    """The name under which a process of this machine claims scans; of this process unless told."""
    return f"{socket.gethostname()}:{os.getpid() if pid is None else pid}"[:255]


_left = MediaFile.objects.filter(left_album__isnull=False, library=OuterRef("library"))
_claimed = PreparedQuery(
    lambda pk: Scan.objects.select_related("library").annotate(unsettled=Exists(_left)).filter(pk=pk), int
)


def claim(
    scan_id: int,
    worker: str,
    on_progress: Callable[[Scan], None] | None = None,
    *,
    limits: ScanLimits | None = None,
) -> Lease | None:
    """Take a queued scan; None when it is not (or no longer) there to be taken, or its library is being scanned."""
    limits = limits or limits_of(ScanLimits)
    now = timezone.now()
    fresh = dict.fromkeys(COUNTERS, 0)
    # the state must be a condition on the row itself: with a join, Django updates `WHERE id IN (SELECT …)`, and a
    # worker that waited for the row of another one would not look at the state again (PostgreSQL, read committed)
    waiting = Scan.objects.filter(pk=scan_id, state=ScanState.QUEUED, library__in=Library.objects.active())
    try:
        with transaction.atomic():
            taken = waiting.update(
                state=ScanState.RUNNING,
                worker=worker[:255],
                fence=F("fence") + 1,
                attempts=F("attempts") + 1,
                started_at=now,
                first_started_at=Coalesce("first_started_at", Value(now)),
                heartbeat_at=now,
                lease_expires_at=now + limits.lease,
                phase=ScanPhase.STARTING,
                error="",
                files_total=None,
                current_folder="",
                phase_started_at=now,
                phase_seen=0,
                settling=[],
                **fresh,
            )
    except IntegrityError:
        return None  # scan_one_running: another scan of this library runs; this one stays queued behind it
    if not taken:
        return None
    scan = _claimed.rows(scan_id)[0]
    return Lease(scan, on_progress, limits=limits, unsettled=scan.unsettled)


def next_queued(library_id: int | None = None, *, now: datetime | None = None) -> list[int]:
    """The scans that could be claimed now: of one library, or those of all whose delivery seems lost."""
    now, limits = now or timezone.now(), limits_of(ScanLimits)
    running = Scan.objects.running().values("library")
    waiting = Scan.objects.queued().filter(library__deleted_at__isnull=True).exclude(library__in=running)
    # a time further ahead than any pause was written by a clock that was wrong
    waiting = waiting.exclude(retry_at__gt=now, retry_at__lte=now + limits.retry_pause)
    if library_id is not None:
        waiting = waiting.filter(library=library_id)
    else:
        before, ahead = now - limits.redeliver_after, now + SKEW
        # what is dated in the future was written by a clock that was wrong, and would wait until then
        delivered = Q(delivered_at__isnull=True) | Q(delivered_at__lt=before) | Q(delivered_at__gt=ahead)
        waiting = waiting.filter(delivered, Q(requested_at__lt=before) | Q(requested_at__gt=ahead))
    return list(waiting.order_by("requested_at", "pk").values_list("pk", flat=True))


def reap_stale(*, now: datetime | None = None) -> int:
    """Take scans back from workers that no longer beat, so that another one redoes them; says how many."""
    now = now or timezone.now()
    stale = Scan.objects.running().filter(_is_over(now))
    return sum(_reap(scan, now) for scan in stale.order_by("pk"))


def _is_over(now: datetime) -> Q:
    # further ahead than any lease: its worker died while the clock was wrong, for a living one renews it in seconds
    return Q(lease_expires_at__lt=now) | Q(lease_expires_at__gt=now + limits_of(ScanLimits).lease + SKEW)


def hand_back(lease: Lease, *, reason: str = "", pause: timedelta | None = None, patience: float | None = None) -> bool:
    """Queue a scan again that ended for no fault of its own: its process is stopped, or something it needs is away.

    That does not count as an attempt. `reason` is shown while it waits, at least for `pause`. Waits `patience` seconds
    (or else those of the limits) for a database that is away, and no longer than this process lives; False when it did
    not answer. Then the lease runs out, and the reaper finds the scan.
    """
    limit = time.monotonic() + (lease.limits.patience_seconds if patience is None else patience)
    while True:
        try:
            connection.close()
            if _hand_back(lease, reason, pause):
                return True
        except (DatabaseError, InterfaceError) as error:
            if outages.outage_of(error) is None:
                raise
        if time.monotonic() > limit or stopping.is_asked():
            return False
        time.sleep(lease.limits.patience_pause_seconds)


def _hand_back(lease: Lease, reason: str, pause: timedelta | None) -> bool:
    now = timezone.now()
    scan = Scan.objects.filter(pk=lease.scan.pk, fence=lease.scan.fence, state=ScanState.RUNNING).first()
    if scan is None:
        return True
    ended = {"error": reason, "retry_at": now + pause if pause else None, "interruptions": F("interruptions") + 1}
    return bool(_queue_again(scan, now, ended, reason or "The server was stopped"))


def is_database_gone() -> bool:
    """Whether the last statement failed because the database went away, not for what it said."""
    return connection.connection is None or not connection.is_usable()


def _reap(scan: Scan, now: datetime) -> int:
    silent = scan.attempts - scan.interruptions
    if silent >= limits_of(ScanLimits).attempts and not scan.cancel_requested:
        sentence = f"The worker stopped unexpectedly {silent} times."
        return _ours(scan).update(state=ScanState.FAILED, error=sentence, finished_at=now, lease_expires_at=None)
    logger.warning("scan %s: its worker %s is silent, it will be redone", scan.pk, scan.worker)
    return _queue_again(scan, now, {}, "The worker stopped unexpectedly")


def _ours(scan: Scan) -> QuerySet[Scan]:
    """The row of a running scan, as long as it is as we have read it: its worker may have beaten since."""
    expires = scan.lease_expires_at
    return Scan.objects.filter(pk=scan.pk, fence=scan.fence, state=ScanState.RUNNING, lease_expires_at=expires)


@transaction.atomic
def _queue_again(scan: Scan, now: datetime, values: dict[str, Any], reason: str) -> int:
    """Queue a running scan again, or let the request take its place that waits already."""
    # a request for a scan of this library, or its deletion, came before this or waits
    lock_library(scan.library_id)
    waiting = Scan.objects.queued().select_for_update().filter(library=scan.library_id).first()
    ours = _ours(scan)
    found = ours.select_for_update().first()
    if found is None:
        return 0
    ended = {"finished_at": now, "lease_expires_at": None}
    if found.cancel_requested:
        return ours.update(state=ScanState.CANCELLED, **ended)
    if waiting is None:
        return ours.update(state=ScanState.QUEUED, lease_expires_at=None, delivered_at=None, **values)
    waiting.join_request(
        targets=found.targets,
        full=found.full,
        accept_empty=found.accept_empty,
        accept_device=found.accept_device,
        approves=found.approves_id,
        requested_by=found.requested_by or found.trigger,
    )
    sentence = f"{reason.rstrip('.')}; the scan that was queued meanwhile replaces this one."
    return ours.update(state=ScanState.FAILED, error=sentence, **ended)
