"""Celery tasks: each takes ids, makes one call, and may run twice."""

from __future__ import annotations

import logging
import math

from celery.signals import worker_ready
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from libraries import cleanup, gathering, overseer
from libraries.choices import ScanTrigger
from libraries.models import Library, Scan
from libraries.queue import deliver, deliver_clear, deliver_fingerprints
from libraries.scanner import fill_in_fingerprints, libraries_without_fingerprints, next_queued, reap_stale, run_scan
from libraries.schedule import next_scan_time
from navidrome_lib.celery import app
from navidrome_lib.config.schedules import next_due
from navidrome_lib.db.locks import lock_library

logger = logging.getLogger(__name__)

worker_ready.connect(overseer.start)

# albums and artists, a few seconds of work
GATHERED_AT_ONCE = 10_000


@app.task(isolated=True)
def scan_library(scan_id: int) -> None:
    """Run one queued scan, then deliver the one that waited behind it."""
    # while the database is away a worker has nothing else to do than to wait for it
    run_scan(scan_id, patience=math.inf)
    library_id = Scan.objects.filter(pk=scan_id).values_list("library", flat=True).first()
    if library_id is None:
        return
    if Library.objects.filter(pk=library_id, deleted_at__isnull=False).exists():
        deliver_clear(library_id)
        return
    for waiting in next_queued(library_id):
        deliver(waiting)
    gathering.gather([library_id], most=GATHERED_AT_ONCE)
    if libraries_without_fingerprints():
        deliver_fingerprints()


@app.task
def reap_stale_scans() -> None:
    """Take back scans of dead workers, deliver again what was never claimed, and go on clearing removed libraries."""
    reap_stale()
    for scan_id in next_queued():
        deliver(scan_id)
    for library_id in Library.objects.filter(deleted_at__isnull=False).values_list("pk", flat=True):
        deliver_clear(library_id)


@app.task
def ask_for_fingerprints() -> None:
    """Have the fingerprints of new tracks read, where there are any."""
    if libraries_without_fingerprints():
        deliver_fingerprints()


@app.task(isolated=True)
def fingerprint_tracks() -> None:
    """Read the fingerprints of new tracks for some seconds; what is left goes behind the scans that wait meanwhile.

    What no list has gathered of albums and artists meanwhile is gathered before, as it is quick.
    """
    gathering.gather(list(Library.objects.active().values_list("pk", flat=True)), most=GATHERED_AT_ONCE)
    more = [fill_in_fingerprints(library_id) for library_id in libraries_without_fingerprints()]
    if any(more):
        deliver_fingerprints()


@app.task
def start_due_scans() -> None:
    """Queue a quick scan of every library whose schedule is due, unless one is waiting or running."""
    now = timezone.now()
    try:
        next_due(settings.CONF.scanner.schedule, now)
    except ValueError as error:
        logger.error("ND_SCANNER_SCHEDULE: %s", error)
    for library in Library.objects.active().with_scan_state().order_by("pk"):
        due = next_scan_time(library, now=now)
        if due is not None and due <= now and not library.scan_active:
            start_scheduled(library)


def start_scheduled(library: Library) -> None:
    """Queue and deliver a scheduled scan, unless one was asked for or the library was deleted at this moment."""
    with transaction.atomic():
        lock_library(library.pk)
        if library.scans.active().exists() or not Library.objects.active().filter(pk=library.pk).exists():
            return
        scan = Scan.objects.create(library=library, trigger=ScanTrigger.SCHEDULE)
    deliver(scan.pk)


@app.task(isolated=True)
def clear_library(library_id: int) -> None:
    """Clear a removed library away."""
    cleanup.clear_library(library_id)
