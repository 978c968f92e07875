"""Celery tasks: each takes ids, makes one call, and may run twice. The database is the queue; Celery only delivers."""

from __future__ import annotations

import logging
from datetime import datetime

from celery import Task, shared_task
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from libraries import maintenance
from libraries.models import Library, Scan, ScanState, ScanTrigger
from libraries.scanner import fingerprints, lease, pipeline
from libraries.scanner.schedule import next_due

logger = logging.getLogger(__name__)

# a delivery that nobody took in this time is forgotten: the reaper makes a new one, and no queue fills with old ones
EXPIRES_SECONDS = 60


@shared_task
def scan_library(scan_id: int) -> None:
    """Run one queued scan, then deliver the one that waited behind it."""
    pipeline.run(scan_id)
    library_id = Scan.objects.filter(pk=scan_id).values_list("library", flat=True).first()
    if library_id is None:
        return
    if Library.objects.filter(pk=library_id, deleted_at__isnull=False).exists():
        deliver_clear(library_id)
        return
    for waiting in lease.next_queued(library_id):
        deliver(waiting)
    if fingerprints.waiting():
        deliver_fingerprints()


@shared_task
def reap_stale_scans() -> None:
    """Take back scans of dead workers, deliver anew what was never claimed, and go on clearing removed libraries."""
    lease.reap_stale()
    for scan_id in lease.next_queued():
        deliver(scan_id)
    for library_id in Library.objects.filter(deleted_at__isnull=False).values_list("pk", flat=True):
        deliver_clear(library_id)


@shared_task
def fingerprint_tracks() -> None:
    """Read for some seconds what new tracks sound like; what is left goes behind the scans that wait meanwhile."""
    more = [fingerprints.fill_in(library_id) for library_id in fingerprints.waiting()]
    if any(more):
        deliver_fingerprints()


@shared_task
def start_due_scans() -> None:
    """Queue a quick scan of every library whose schedule is due, unless one is waiting or running."""
    now = timezone.now()
    try:
        next_due(settings.CONF.scanner.schedule, now)
    except ValueError as error:
        logger.error("ND_SCANNER_SCHEDULE: %s", error)
    for library in Library.objects.active().with_scan_state().order_by("pk"):
        due = next_scan_time(library)
        if due is not None and due <= now and not getattr(library, "scan_active", False):
            start_scheduled(library)


def next_scan_time(library: Library) -> datetime | None:
    """When the schedule of a library from `with_scan_state`, or else that of the server, next asks for a scan.

    A moment in the past was missed, because a scan ran or the server was down: it is made up for once. A schedule of
    the server that makes no sense never comes.
    """
    schedule = library.schedule or settings.CONF.scanner.schedule
    since = [library.schedule_since or library.created_at, getattr(library, "last_scheduled_at", None)]
    try:
        return next_due(schedule, max(moment for moment in since if moment is not None))
    except ValueError:
        return None


def start_scheduled(library: Library) -> None:
    """Queue and deliver a scheduled scan."""
    try:
        with transaction.atomic():
            scan = Scan.objects.create(library=library, trigger=ScanTrigger.SCHEDULE)
    except IntegrityError:
        return  # scan_one_queued: somebody asked for a scan at this very moment
    deliver(scan.pk)


@shared_task
def clear_library(library_id: int) -> None:
    """Clear a removed library away."""
    maintenance.clear_library(library_id)


def deliver(scan_id: int) -> None:
    """Hand a scan to the workers as far as the broker can be reached; the scan is safe in the database all the same."""
    if _send(scan_library, (scan_id,)):
        Scan.objects.filter(pk=scan_id, state=ScanState.QUEUED).update(delivered_at=timezone.now())


def deliver_clear(library_id: int) -> None:
    """Hand a removed library to the workers, in the same way."""
    _send(clear_library, (library_id,))


def deliver_fingerprints() -> None:
    """Ask the workers to go on with the fingerprints. Lost, it is asked again within a minute."""
    _send(fingerprint_tracks, ())


def _send(task: Task[..., None], values: tuple[int, ...]) -> bool:
    """Never raises, and takes a second at most (see the transport options in the settings)."""
    try:
        task.apply_async(values, expires=EXPIRES_SECONDS, retry=False)
    except Exception as error:  # whatever a broker's client raises, the reaper delivers later
        logger.warning("the task queue cannot be reached, %s %s waits: %s", task.name, values, error)
        return False
    return True
