"""Handing work to the workers. The database is the queue; Celery only delivers ids."""

from __future__ import annotations

import logging

from django.utils import timezone

from libraries.choices import ScanState
from libraries.models import Scan

logger = logging.getLogger(__name__)

# a delivery that no worker took in this time expires: the reaper makes a new one, and no queue fills with old ones
EXPIRES_SECONDS = 60


def deliver(scan_id: int) -> None:
    """Hand a scan to the workers as far as the broker can be reached; the scan is safe in the database all the same."""
    if _send("libraries.tasks.scan_library", scan_id):
        Scan.objects.filter(pk=scan_id, state=ScanState.QUEUED).update(delivered_at=timezone.now())


def deliver_clear(library_id: int) -> None:
    """Hand a removed library to the workers, in the same way."""
    _send("libraries.tasks.clear_library", library_id)


def deliver_fingerprints() -> None:
    """Ask the workers to go on with the fingerprints. Lost, it is asked again some minutes later."""
    _send("libraries.tasks.fingerprint_tracks")


def _send(task: str, *values: int) -> bool:
    """Never raises, and takes a second at most (see the transport options in the settings)."""
    # a third of the start of a process that may never have anything to deliver
    from navidrome_lib.celery import app  # noqa: PLC0415

    try:
        app.send_task(task, values, expires=EXPIRES_SECONDS, retry=False)
    except Exception as error:  # whatever a broker's client raises, the reaper delivers later
        logger.warning("the broker cannot be reached, %s %s is delivered later: %s", task, values, error)
        return False
    return True
