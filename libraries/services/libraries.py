"""Create, change and delete libraries. Each function changes all or nothing, and queues after the commit.

What needs the disk is looked at before, by `prepare_library`: a transaction never waits for storage.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from libraries import queue
from libraries.choices import ScanState, ScanTrigger
from libraries.cleanup import attached_to_library
from libraries.models import Library, Scan
from libraries.scanner import CHANGED, settle_held
from libraries.services.library_rules import PreparedLibrary, database_errors, is_outdated, prepare_library
from libraries.services.scans import lock_active, lock_scans, request_scan
from navidrome_lib.audit.services import difference, record
from navidrome_lib.db.locks import lock_libraries
from navidrome_lib.errors import Conflict, InvalidInput, NotFound

# what a change of means that the disk must be looked at again
SCANNED_FIELDS = ("path", "recursive", "follow_symlinks", "exclude_patterns")
# what a change of means that all tags must be read again
READ_FIELDS = ("text_encoding",)
# how often the disk is looked at again because others change libraries meanwhile
MAX_LOOKS = 5


class OutdatedPreparationError(Exception):
    """Others have changed what the look at the disk relied on; it is raised in a transaction and ends it."""


def create_library(prepared: PreparedLibrary, *, requested_by: str = "", scan: bool = True) -> Library:
    """Save a new library, and queue its first scan. Raises InvalidInput for a name that is taken or an overlap."""
    return _save(lambda ready: _insert(ready, requested_by=requested_by, scan=scan), prepared)


def update_library(library: Library, prepared: PreparedLibrary, *, requested_by: str = "") -> Library:
    """Change some fields. A change of the path or of the scan options queues one quick scan; a rename queues none.

    A change of how tags are read queues a full scan.

    Only what changes is written: the totals and the state of a library belong to its scans. Deleted meanwhile, it is
    `NotFound`.
    """
    return _save(lambda ready: _update(library, ready, requested_by=requested_by), prepared, library=library)


def _save(
    save: Callable[[PreparedLibrary], Library], prepared: PreparedLibrary, *, library: Library | None = None
) -> Library:
    """Run a transaction; when it finds the preparation outdated, prepare again outside and run another one."""
    for _ in range(MAX_LOOKS):
        try:
            return save(prepared)
        except OutdatedPreparationError:
            current = None if library is None else Library.objects.active().filter(pk=library.pk).first()
            if library is not None and current is None:
                raise NotFound from None
            prepared = prepare_library(prepared.asked, library=current, allow_overlap=prepared.allow_overlap)
    raise Conflict("The libraries of this server are being changed. Try again.")


def _require_valid(prepared: PreparedLibrary, library: Library | None) -> None:
    """Apply the rules of the database to prepared values, under the lock."""
    if is_outdated(prepared, library):
        raise OutdatedPreparationError
    errors = database_errors(prepared, library.pk if library else None)
    if errors:
        raise InvalidInput(errors=errors)


@transaction.atomic
def _insert(prepared: PreparedLibrary, *, requested_by: str, scan: bool) -> Library:
    lock_libraries()
    _require_valid(prepared, None)
    library = Library.objects.create(**prepared.values)
    record("library.create", {"path": library.path}, kind="library", pk=library.pk, name=library.name)
    if scan:
        request_scan(library, trigger=ScanTrigger.LIBRARY, requested_by=requested_by)
    return library


@transaction.atomic
def _update(library: Library, prepared: PreparedLibrary, *, requested_by: str) -> Library:
    lock_libraries()
    library = lock_active(library)
    _require_valid(prepared, library)
    changed = {field: value for field, value in prepared.values.items() if getattr(library, field) != value}
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
    if any(field in changed for field in (*SCANNED_FIELDS, *READ_FIELDS)):
        full = any(field in changed for field in READ_FIELDS)
        request_scan(library, trigger=ScanTrigger.LIBRARY, full=full, requested_by=requested_by)
    return library


@transaction.atomic
def delete_library(library: Library) -> None:
    """Remove a library for everyone at once; its rows are deleted in the background. No file is changed.

    `NotFound` when it was deleted already.
    """
    library, now = lock_active(library), timezone.now()
    scans = lock_scans(library)
    scans.filter(state=ScanState.RUNNING).update(cancel_requested=True)
    scans.filter(state=ScanState.QUEUED).update(
        state=ScanState.CANCELLED, finished_at=now, error="The library was removed."
    )
    Library.objects.filter(pk=library.pk).update(deleted_at=now)
    told = {"songs": library.total_songs, "attached": attached_to_library(library.pk)}
    record("library.delete", told, kind="library", pk=library.pk, name=library.name)
    transaction.on_commit(lambda: queue.deliver_clear(library.pk))
