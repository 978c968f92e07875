"""What can be done with libraries. Each function checks its rules, changes all or nothing, and queues after commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet, Sum
from django.utils import timezone

from libraries import delivery, schedule
from libraries.models import ACTIVE_STATES, Library, Scan, ScanState, ScanTrigger
from libraries.models.library import name_key
from libraries.paths import check_anchor, check_root, normal_target, storable
from libraries.scanner.approval import CHANGED, DISCARDED, OVERTAKEN, settle_held
from libraries.scanner.walk.ignore import validate_pattern
from navidrome_lib.audit.services import difference, record
from navidrome_lib.errors import Conflict, InvalidInput, NotFound
from navidrome_lib.locks import lock_libraries, lock_library

MAX_PATTERNS = 1000
MAX_RETENTION_DAYS = 36_500
MAX_SCHEDULE = 120
MAX_HELD_FILES = 2**31 - 1
# what a change of means that the disk must be looked at again
SCANNED_FIELDS = ("path", "recursive", "follow_symlinks", "exclude_patterns")


def check_name(name: str, *, library_id: int | None = None) -> str:
    """The trimmed name, which no other library has whatever the case."""
    name = name.strip()
    if not name:
        raise InvalidInput(errors={"name": "A name is required."})
    if len(name) > 255 or "\0" in name or not storable(name):
        raise InvalidInput(errors={"name": "A name has at most 255 characters, and no NUL."})
    if Library.objects.active().filter(name_key=name_key(name)).exclude(pk=library_id or 0).exists():
        raise InvalidInput(errors={"name": f"A library named “{name}” already exists."})
    return name


def check_patterns(patterns: Iterable[str]) -> list[str]:
    """Patterns in gitignore syntax; each that cannot be used is named."""
    checked = list(patterns)
    if len(checked) > MAX_PATTERNS:
        raise InvalidInput(errors={"excludePatterns": f"At most {MAX_PATTERNS} patterns are allowed."})
    wrong = [f"“{pattern}”: {reason}" for pattern in checked if (reason := validate_pattern(pattern))]
    if wrong:
        raise InvalidInput(errors={"excludePatterns": " ".join(wrong)})
    return checked


def check_retention(days: int | None) -> int | None:
    """How many days missing files are kept; None: for ever."""
    if days is not None and not 1 <= days <= MAX_RETENTION_DAYS:
        sentence = f"Must be a number of days from 1 to {MAX_RETENTION_DAYS}, or null for never."
        raise InvalidInput(errors={"missingRetentionDays": sentence})
    return days


def check_schedule(text: str) -> str:
    """A schedule as `libraries.schedule` takes it; else why it makes no sense."""
    if len(text) > MAX_SCHEDULE:
        raise InvalidInput(errors={"schedule": f"A schedule has at most {MAX_SCHEDULE} characters."})
    try:
        return schedule.check_schedule(text, timezone.now())
    except ValueError as error:
        raise InvalidInput(errors={"schedule": f"{error}. Write 0 3 * * *, @daily, @every 6h or never."}) from None


def check_held_percent(percent: int) -> int:
    """The share of a library above which a scan asks first."""
    if not 0 <= percent <= 100:
        sentence = "Must be a percentage from 0 (only the number of files counts) to 100 (never ask)."
        raise InvalidInput(errors={"heldThreshold.percent": sentence})
    return percent


def check_held_count(count: int) -> int:
    """How many files may go missing at once without asking."""
    if not 0 <= count <= MAX_HELD_FILES:
        raise InvalidInput(errors={"heldThreshold.files": f"Must be a number of files from 0 to {MAX_HELD_FILES}."})
    return count


def check_fields(
    values: Mapping[str, Any], *, library: Library | None = None, allow_overlap: bool = False
) -> dict[str, Any]:
    """`values` (by model field) of a new or an existing library made normal; all rules that they break are reported."""
    library_id = library.pk if library else None
    if library and library.anchor_file and "path" in values:
        values = {"anchor_file": library.anchor_file, **values}  # it must be in the new place, too
    root = str(values.get("path", library.path if library else ""))
    checks: dict[str, Callable[[Any], Any]] = {
        "name": lambda value: check_name(value, library_id=library_id),
        "path": lambda value: check_root(value, library_id=library_id, allow_overlap=allow_overlap),
        "exclude_patterns": check_patterns,
        "missing_retention_days": check_retention,
        "schedule": check_schedule,
        "held_percent": check_held_percent,
        "held_count": check_held_count,
        "anchor_file": lambda value: check_anchor(value, root),
    }
    normal, errors = dict(values), dict[str, str]()
    for field, value in values.items():
        try:
            normal[field] = checks[field](value) if field in checks else value
        except InvalidInput as error:
            errors.update(error.errors)
    if errors:
        raise InvalidInput(errors=errors)
    return normal


@transaction.atomic
def create_library(
    *, name: str, path: str, allow_overlap: bool = False, requested_by: str = "", scan: bool = True, **options: Any
) -> Library:
    """A new library, whose first scan is queued. `options` are further fields of the model."""
    lock_libraries()
    values = check_fields({"name": name, "path": path, **options}, allow_overlap=allow_overlap)
    library = Library.objects.create(**values)
    record("library.create", {"path": library.path}, kind="library", pk=library.pk, name=library.name)
    if scan:
        request_scan(library, trigger=ScanTrigger.LIBRARY, requested_by=requested_by)
    return library


@transaction.atomic
def update_library(
    library: Library, *, values: Mapping[str, Any], allow_overlap: bool = False, requested_by: str = ""
) -> Library:
    """Change some fields. A change of the path or of the scan options queues one quick scan; a rename queues none.

    Only what changes is written: the totals and the state of a library belong to its scans. Deleted meanwhile, it is
    `NotFound`.
    """
    lock_libraries()
    library = lock_active(library)
    asked = {field: value for field, value in values.items() if getattr(library, field) != value}
    normal = check_fields(asked, library=library, allow_overlap=allow_overlap)
    changed = {field: value for field, value in normal.items() if getattr(library, field) != value}
    if not changed:
        return library
    before = {field: getattr(library, field) for field in changed}
    told, scans = difference(before, changed), lock_scans(library)
    if "path" in changed:
        # another place: what was remembered of the old root says nothing about it, and a scan of it must not go on
        nothing = dict.fromkeys(("root_device", "root_inode", "root_fsid", "offline_since"))
        changed |= {**nothing, "status_reason": ""}
        library.mount_points.all().delete()
        scans.filter(state=ScanState.RUNNING).update(cancel_requested=True)
    if "schedule" in changed:
        changed["schedule_since"] = timezone.now()
    for field, value in changed.items():
        setattr(library, field, value)
    library.save(update_fields=[*changed, "updated_at"])
    record("library.update", told, kind="library", pk=library.pk, name=library.name)
    if any(field in changed for field in SCANNED_FIELDS):
        # what a scan held back was about other files, or by other rules
        settle_held(Scan.objects.filter(library=library), CHANGED)
        request_scan(library, trigger=ScanTrigger.LIBRARY, requested_by=requested_by)
    return library


@transaction.atomic
def delete_library(library: Library) -> None:
    """The library is gone for everybody at once; its rows are cleared away in the background. No file is touched.

    Deleted by somebody else already, it is `NotFound`.
    """
    library, now = lock_active(library), timezone.now()
    scans = lock_scans(library)
    scans.filter(state=ScanState.RUNNING).update(cancel_requested=True)
    scans.filter(state=ScanState.QUEUED).update(
        state=ScanState.CANCELLED, finished_at=now, error="The library was removed."
    )
    Library.objects.filter(pk=library.pk).update(deleted_at=now)
    record("library.delete", {"songs": library.total_songs}, kind="library", pk=library.pk, name=library.name)
    transaction.on_commit(lambda: delivery.deliver_clear(library.pk))


def lock_active(library: Library) -> Library:
    """Lock a library until the commit and return it as it is now; `NotFound` when it was deleted meanwhile."""
    lock_library(library.pk)
    found = Library.objects.active().filter(pk=library.pk).first()
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
    targets: Iterable[str] = (),
    requested_by: str = "",
    accept_empty: bool = False,
    accept_device: bool = False,
    approves: Scan | None = None,
    deliver: bool = True,
) -> Scan:
    """Ask for a scan and return its row. A request that waits takes this one in: nothing is dropped or doubled.

    `accept_empty` and `accept_device` say that what the scan would else take for storage that is away (a root that is
    empty, or on another device than at the last scan) is as it should be. Both are audited. `approves` is the held scan
    whose proposal the scan may mark.
    """
    folders = sorted({normal_target(library, folder) for folder in targets})
    if "" in folders:
        folders = []
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
            scan.join_request(targets=folders, approves=held, **asked)
        for accepted, what in ((accept_empty, "empty"), (accept_device, "device")):
            if accepted:
                facts = {"scan": scan.pk, "songs": library.total_songs, "path": library.path}
                record(f"library.accept_{what}", facts, kind="library", pk=library.pk, name=library.name)
        if deliver:
            transaction.on_commit(lambda: delivery.deliver(scan.pk))
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
    note(scan, "scan.cancel")
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
        raise Conflict("Another approval for this library waits to be carried out. Try again when it has ended.")
    approving = request_scan(
        held.library,
        trigger=ScanTrigger.APPROVAL,
        targets=held.targets,
        requested_by=requested_by,
        accept_device=held.accept_device,
        approves=held,
    )
    note(held, "scan.approve", {"files": held.held_marks.count(), "scan": approving.pk})
    return approving


@transaction.atomic
def discard_scan(scan: Scan) -> Scan:
    """Forget what a held scan proposes, and what older ones do; nothing is marked."""
    held = _lock_held(scan)
    if Scan.objects.running().filter(approves=held).exists():
        raise Conflict("The approval of this scan is being carried out. Cancel that scan first.")
    older = Scan.objects.filter(library=held.library_id, pk__lte=held.pk)
    Scan.objects.queued().filter(approves__in=older).update(approves=None)
    settle_held(Scan.objects.filter(pk=held.pk), DISCARDED)
    settle_held(Scan.objects.filter(library=held.library_id, pk__lt=held.pk), OVERTAKEN)
    held.refresh_from_db()
    note(held, "scan.discard")
    return held


def _lock_held(scan: Scan) -> Scan:
    """The row of a held scan, under the lock that requests for its library take. Raises Conflict and NotFound."""
    lock_library(scan.library_id)
    rows = Scan.objects.select_for_update(of=("self",)).select_related("library")
    held: Scan | None = rows.filter(pk=scan.pk).first()
    if held is None or held.library.deleted_at is not None:
        raise NotFound
    if held.state != ScanState.HELD:
        raise Conflict("The scan holds nothing back.")
    return held


def note(scan: Scan, action: str, changes: Mapping[str, object] | None = None) -> None:
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
    running = [scan for scan in active if scan.state == ScanState.RUNNING]
    totals = libraries.order_by().aggregate(
        songs=Sum("total_songs"), folders=Sum("total_folders"), last_scan=Max("last_scan_at")
    )
    latest = scans.exclude(state__in=ACTIVE_STATES).order_by("-finished_at", "-pk").first()
    shown = running[0] if running else active[0] if active else latest
    return ScanStatus(
        scanning=bool(active),
        count=sum(scan.seen for scan in running) if active else totals["songs"] or 0,
        folder_count=sum(scan.folder_count for scan in running) if active else totals["folders"] or 0,
        last_scan=totals["last_scan"],
        scan_type=shown.type if shown else "",
        elapsed=elapsed(shown),
        error=shown.error if shown else "",
    )


def elapsed(scan: Scan | None) -> timedelta:
    """How long a scan has been running, or ran."""
    if scan is None or scan.started_at is None:
        return timedelta()
    return max((scan.finished_at or timezone.now()) - scan.started_at, timedelta())
