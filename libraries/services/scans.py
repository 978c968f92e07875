"""Request, cancel, approve and discard scans, and say what scans are doing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from libraries import queue, visible
from libraries.choices import ACTIVE_STATES, ScanState, ScanTrigger
from libraries.models import Library, Scan
from libraries.scanner import DISCARDED, OVERTAKEN, settle_held
from libraries.storage.roots import EVERYTHING, ScanTargets
from navidrome_lib.audit.services import record
from navidrome_lib.db.locks import lock_library
from navidrome_lib.errors import Conflict, NotFound
from navidrome_lib.viewer import Viewer


def lock_active(library: Library) -> Library:
    """Lock a library until the commit and return it as it is now; `NotFound` when it was deleted meanwhile."""
    lock_library(library.pk)
    found: Library | None = Library.objects.active().filter(pk=library.pk).first()
    if found is None:
        raise NotFound
    return found


def lock_scans(library: Library) -> QuerySet[Scan]:
    """The waiting and running scans of a library, locked until the commit.

    A worker that claims one at this moment waits, and reads the library as it is afterwards.
    """
    keys = list(library.scans.active().select_for_update().order_by("pk").values_list("pk", flat=True))
    return Scan.objects.filter(pk__in=keys)


def request_scan(
    library: Library,
    *,
    trigger: ScanTrigger,
    full: bool = False,
    targets: ScanTargets = EVERYTHING,
    requested_by: str = "",
    accept_empty: bool = False,
    accept_device: bool = False,
    approves: Scan | None = None,
    deliver: bool = True,
) -> Scan:
    """Ask for a scan and return its row. A request that waits takes this one in: nothing is dropped or doubled.

    `targets` come from `prepare_targets`, which looks at the disk; this function does not.
    `accept_empty` and `accept_device` say that what the scan would else take for storage that is away (a root that is
    empty, or on another device than at the last scan) is as it should be. Both are audited. `approves` is the held scan
    whose proposal the scan may mark.
    """
    folders = list(targets.folders)
    held = approves.pk if approves else None
    asked = {"full": full, "accept_empty": accept_empty, "accept_device": accept_device}
    with transaction.atomic():
        library = lock_active(library)
        # the lock of the row: a worker may claim it at this moment
        waiting = library.scans.queued().select_for_update().first()
        if waiting is None:
            scan = Scan(library=library, trigger=trigger, requested_by=requested_by, targets=folders, **asked)
            scan.approves_id = held
            scan.save()
        else:
            scan = waiting
            scan.join_request(targets=folders, approves=held, requested_by=requested_by or trigger, **asked)
        for accepted, what in ((accept_empty, "empty"), (accept_device, "device")):
            if accepted:
                facts = {"scan": scan.pk, "songs": library.total_songs, "path": library.path}
                record(f"library.accept_{what}", facts, kind="library", pk=library.pk, name=library.name)
        if deliver:
            transaction.on_commit(lambda: queue.deliver(scan.pk))
    return scan


@transaction.atomic
def cancel_scan(scan: Scan) -> Scan:
    """Cancel a scan: one that waits at once, one that runs within seconds. One that has ended is a conflict."""
    # conditional updates: a worker may claim or end the scan between reading the row and cancelling it
    waiting = Scan.objects.filter(pk=scan.pk, state=ScanState.QUEUED)
    cancelled = waiting.update(state=ScanState.CANCELLED, finished_at=timezone.now(), cancel_requested=True)
    if not cancelled:
        cancelled = Scan.objects.filter(pk=scan.pk, state=ScanState.RUNNING).update(cancel_requested=True)
    current = Scan.objects.select_related("library").filter(pk=scan.pk).first()
    if current is None:
        raise NotFound  # its library was cleared away
    if not cancelled:
        raise Conflict("The scan has already ended.")
    scan = current
    audit_scan(scan, "scan.cancel")
    return scan


@transaction.atomic
def approve_scan(scan: Scan, *, requested_by: str = "") -> Scan:
    """Queue a scan that may mark what a held scan proposes, as far as it is still gone, and return its row.

    It looks at what the held scan has looked at. Asked again before it has ended, the same scan is returned.
    """
    held = _lock_held(scan)
    approving: Scan | None = Scan.objects.active().filter(approves=held).first()
    if approving is not None:
        return approving
    if Scan.objects.queued().filter(library=held.library_id, approves__isnull=False).exists():
        raise Conflict("Another approved scan of this library is queued. Try again when it has ended.")
    approving = request_scan(
        held.library,
        trigger=ScanTrigger.APPROVAL,
        targets=ScanTargets(tuple(held.targets)),
        requested_by=requested_by,
        accept_device=held.accept_device,
        approves=held,
    )
    audit_scan(held, "scan.approve", {"files": held.held_marks.count(), "scan": approving.pk})
    return approving


@transaction.atomic
def discard_scan(scan: Scan) -> Scan:
    """Forget what a held scan proposes, and what older ones do; nothing is marked."""
    held = _lock_held(scan)
    if Scan.objects.running().filter(approves=held).exists():
        raise Conflict("The approved scan is running. Cancel it first.")
    older = Scan.objects.filter(library=held.library_id, pk__lte=held.pk)
    Scan.objects.queued().filter(approves__in=older).update(approves=None)
    settle_held(Scan.objects.filter(pk=held.pk), DISCARDED)
    settle_held(Scan.objects.filter(library=held.library_id, pk__lt=held.pk), OVERTAKEN)
    held.refresh_from_db()
    audit_scan(held, "scan.discard")
    return held


def _lock_held(scan: Scan) -> Scan:
    """The row of a held scan, under the lock that requests for its library take. Raises Conflict and NotFound."""
    lock_library(scan.library_id)
    rows = Scan.objects.select_for_update(of=("self",)).select_related("library")
    held: Scan | None = rows.filter(pk=scan.pk).first()
    if held is None or held.library.deleted_at is not None:
        raise NotFound
    if held.state != ScanState.HELD:
        raise Conflict("This scan does not need approval.")
    return held


def audit_scan(scan: Scan, action: str, changes: Mapping[str, object] | None = None) -> None:
    """Leave an audit entry about a scan, by the name of its library."""
    record(action, changes or {}, kind="scan", pk=scan.pk, name=scan.library.name)


@dataclass(frozen=True, kw_only=True)
class ScanStatus:
    """What the scans of some libraries are doing. `elapsed` is the time of the running or else the last scan."""

    scanning: bool
    count: int
    folder_count: int
    last_scan: datetime | None
    scan_type: str
    elapsed: timedelta
    error: str


def scan_status(libraries: QuerySet[Library]) -> ScanStatus:
    """The state of all scans of `libraries`, read from rows only."""
    scans = Scan.objects.filter(library__in=libraries)
    active = list(scans.filter(state__in=ACTIVE_STATES).order_by("-state", "pk"))
    latest = scans.exclude(state__in=ACTIVE_STATES).order_by("-finished_at", "-pk").first()
    return _status(list(libraries), active, latest)


def visible_scan_status(viewer: Viewer) -> ScanStatus:
    """The same of the libraries that `viewer` can access."""
    return _status(visible.libraries(viewer), visible.active_scans(viewer), visible.last_scan(viewer))


class LastChange(NamedTuple):
    """When libraries last changed, None where there is none; which ones these are, and how many scans changed them."""

    at: datetime | None
    libraries: list[int]
    scans: int


def last_change(viewer: Viewer) -> LastChange:
    """The end of the last scan that changed something in the libraries that `viewer` can access.

    Where none has, the time when the youngest of them was made.
    """
    libraries = {library.pk: library for library in visible.libraries(viewer)}
    nothing = Q(added=0, updated=0, moved=0, restored=0, missing=0)
    scans = Scan.objects.filter(library__in=libraries, finished_at__isnull=False).exclude(nothing)
    told = scans.aggregate(at=Max("finished_at"), count=Count("pk"))
    at = told["at"] or max((each.created_at for each in libraries.values()), default=None)
    return LastChange(at, sorted(libraries), told["count"])


def _status(libraries: Sequence[Library], active: Sequence[Scan], latest: Scan | None) -> ScanStatus:
    running = [scan for scan in active if scan.state == ScanState.RUNNING]
    shown = running[0] if running else active[0] if active else latest
    return ScanStatus(
        scanning=bool(active),
        count=sum(scan.seen for scan in running) if active else sum(each.total_songs for each in libraries),
        folder_count=sum(each.folder_count for each in running)
        if active
        else sum(each.total_folders for each in libraries),
        last_scan=max((each.last_scan_at for each in libraries if each.last_scan_at), default=None),
        scan_type=shown.type if shown else "",
        elapsed=elapsed(shown),
        error=shown.error if shown else "",
    )


def elapsed(scan: Scan | None) -> timedelta:
    """How long a scan has been running, or ran."""
    if scan is None or scan.started_at is None:
        return timedelta()
    return max((scan.finished_at or timezone.now()) - scan.started_at, timedelta())
