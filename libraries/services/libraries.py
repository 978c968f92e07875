"""What can be done with libraries. Each function checks its rules, changes all or nothing, and queues after commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from libraries import queue
from libraries.choices import ScanState, ScanTrigger
from libraries.models import Library, Scan
from libraries.models.library import name_key
from libraries.scanner import CHANGED, settle_held, validate_pattern
from libraries.services.scans import lock_active, lock_scans, request_scan
from libraries.storage.roots import check_anchor, check_root, is_storable_text
from navidrome_lib.audit.services import difference, record
from navidrome_lib.config.schedules import validate_schedule
from navidrome_lib.db.locks import lock_libraries
from navidrome_lib.errors import InvalidInput

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
    if len(name) > 255 or "\0" in name or not is_storable_text(name):
        raise InvalidInput(errors={"name": "A name has at most 255 characters and no NUL character."})
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
    """A schedule as `navidrome_lib.config.schedules` takes it; else why it makes no sense."""
    if len(text) > MAX_SCHEDULE:
        raise InvalidInput(errors={"schedule": f"A schedule has at most {MAX_SCHEDULE} characters."})
    try:
        return validate_schedule(text, timezone.now())
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
    transaction.on_commit(lambda: queue.deliver_clear(library.pk))
