"""How far a scan is and how fast it goes, from its row alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from libraries.choices import ScanPhase, ScanState
from libraries.models import Scan

# the end is not reached before the scan has ended: marks and totals come after the last file
ALMOST: Final = 0.99
# what is measured over less time says nothing
_LEAST_SECONDS: Final = 0.2


@dataclass(frozen=True, kw_only=True)
class Progress:
    """`rate` in files per second, `eta` in seconds, `progress` from 0 to 1; None: not known (yet).

    `progress` never shrinks within one attempt: the total is fixed once it is known, and the files seen only grow.
    """

    rate: float
    eta: float | None
    progress: float | None


def progress_of(scan: Scan, now: datetime) -> Progress:
    """The progress, rate and remaining time of a scan at its last heartbeat."""
    rate = rate_of(scan)
    return Progress(rate=round(rate, 1), eta=eta_of(scan, rate, now), progress=share_of(scan))


def rate_of(scan: Scan) -> float:
    """Files per second: of the present phase while files are looked at, else of the whole scan.

    The walk passes unchanged files a hundred times faster than changed ones are read, so each phase counts for itself.
    """
    if scan.started_at is None:
        return 0.0
    begin, files, end = scan.started_at, scan.seen, scan.finished_at or scan.heartbeat_at or scan.started_at
    if scan.state == ScanState.RUNNING and scan.phase == ScanPhase.READING and scan.phase_started_at:
        begin, files = scan.phase_started_at, scan.seen - scan.phase_seen
    seconds = (end - begin).total_seconds()
    return max(files, 0) / seconds if seconds >= _LEAST_SECONDS else 0.0


def eta_of(scan: Scan, rate: float, now: datetime) -> float | None:
    """Seconds until the last file is read, at the present speed."""
    if scan.state != ScanState.RUNNING or scan.files_total is None or scan.heartbeat_at is None:
        return None
    left = scan.files_total - scan.seen
    if left <= 0:
        return 0.0
    if rate <= 0:
        return None
    since = max((now - scan.heartbeat_at).total_seconds(), 0.0)
    return round(max(left / rate - since, 0.0), 1)


def share_of(scan: Scan) -> float | None:
    """The part of the files that was seen; 1 only for a scan that came to its end."""
    if scan.state in (ScanState.FINISHED, ScanState.HELD):
        return 1.0
    if scan.files_total is None:
        return None
    return round(min(scan.seen / scan.files_total, ALMOST), 4) if scan.files_total else ALMOST
