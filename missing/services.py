"""What can be done with missing files: remove them for good, and take that back for 30 days."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from libraries import maintenance
from libraries.bulk import chunks, delete_where, insert_rows, moment
from libraries.models import Library, MediaFile, Scan
from libraries.search import forget_songs
from missing.models import MissingFile, Purge, PurgedFile, PurgeReason
from missing.records import Record, read_records
from missing.restore import Occupied, Refused, restore_files
from navidrome_lib.audit.services import record
from navidrome_lib.errors import Conflict, NotFound

# how many records are in memory at once
BATCH = 500
# between two transactions, so that somebody else gets a turn
PAUSE = 0.005
# a purge whose preparation ended without a word (the process died) is forgotten after this time
PREPARATION = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class PurgeResult:
    """What a purge removed; `purge` is None when that was nothing."""

    purge: Purge | None = None
    ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class UndoResult:
    """What an undo brought back, where another file has the place meanwhile, and what stays in the purge."""

    ids: list[str]
    occupied: list[Occupied]
    refused: list[Refused]


def select_missing(ids: Sequence[str]) -> list[str]:
    """Those of `ids` that are missing files; one single id that does not exist at all is `NotFound`."""
    wanted = list(dict.fromkeys(ids))
    if len(wanted) == 1 and not MediaFile.objects.filter(pk=wanted[0], library__deleted_at__isnull=True).exists():
        raise NotFound
    files = MissingFile.objects.filter(library__deleted_at__isnull=True)
    return [pk for piece in chunks(wanted) for pk in files.filter(pk__in=piece).values_list("pk", flat=True)]


def purge_missing_files(
    ids: Collection[str], *, requested_by: str = "", reason: PurgeReason = PurgeReason.REQUEST
) -> PurgeResult:
    """Remove missing files from the catalog, all of them or none; those that came back meanwhile stay.

    The records for the undo are written first, in short transactions; nothing is removed before all of them are
    there. The removal itself is then one transaction of few statements.
    """
    purge = Purge.objects.create(created_by=requested_by, reason=reason)
    try:
        for piece in chunks(sorted(ids), BATCH):
            records = read_records(piece)
            with transaction.atomic():
                keep_records(purge, records)
        removed = remove_recorded(purge)
    except BaseException:
        purge.delete()
        raise
    if not removed:
        purge.delete()
        return PurgeResult()
    tidy(purge)
    return PurgeResult(purge=purge, ids=removed)


def keep_records(purge: Purge, records: Sequence[Record]) -> None:
    """Write down what is known of some tracks."""
    names = ("purge_id", "library_id", "media_file_id", "path", "title", "size", "missing_since", "data")
    rows = []
    for known in records:
        track = known["track"]
        gone = track["missing_since"]
        since = moment(datetime.fromisoformat(gone)) if gone else None
        text = orjson.dumps(known).decode()
        rows.append(
            (purge.pk, track["library_id"], track["id"], track["path"], track["title"], track["size"], since, text)
        )
    insert_rows(PurgedFile, names, rows)


@transaction.atomic
def remove_recorded(purge: Purge) -> list[str]:
    """Delete the tracks that `purge` has records of, unless they came back since; says which were deleted."""
    removed: list[str] = []
    for staged in pages(purge):
        known = {row.media_file_id: row for row in staged}
        # a file that came back and went again is another absence than the recorded one: it stays, too
        rows = MediaFile.objects.select_for_update().filter(pk__in=known).missing().order_by("pk")
        alive = [pk for pk, since in rows.values_list("pk", "missing_since") if known[pk].missing_since == since]
        maintenance.delete_tracks(alive)
        removed += alive
        delete_where(PurgedFile, "id", [row.pk for pk, row in known.items() if pk not in set(alive)])
    if removed:
        settle(purge)
    return removed


def pages(purge: Purge) -> Iterator[list[PurgedFile]]:
    """The files of a purge without their records, in pages."""
    last = 0
    while page := list(purge.files.filter(pk__gt=last).order_by("pk").defer("data", "path", "title")[:BATCH]):
        yield page
        last = page[-1].pk


def settle(purge: Purge) -> None:
    """Make the figures of the purge and of its libraries those of what was removed."""
    purge.done_at = timezone.now()
    for library_id, count, size in per_library(purge):
        purge.file_count += count
        purge.size += size
        add_missing(library_id, -count)
    purge.save()
    changes = {"files": purge.file_count, "size": purge.size, "reason": purge.reason}
    record("missing.purge", changes, kind="purge", pk=purge.pk)


def per_library(purge: Purge) -> list[tuple[int, int, int]]:
    """(library, files, size) of the records of a purge."""
    sizes: dict[int, list[int]] = {}
    for library_id, size in purge.files.values_list("library_id", "size").iterator(5000):
        sizes.setdefault(library_id, []).append(size)
    return [(library_id, len(found), sum(found)) for library_id, found in sorted(sizes.items())]


def add_missing(library_id: int, count: int) -> None:
    """Keep the number of missing files right; songs, albums and artists are counted by their present files."""
    number = Greatest(F("total_missing_files") + count, 0)
    Library.objects.filter(pk=library_id).update(total_missing_files=number)


def tidy(purge: Purge) -> None:
    """Delete albums, artists, genres and folders that nothing refers to any more.

    They show in no list anyway. A scan that runs or waits remembers their ids, and tidies up at its end by itself.
    """
    for staged in pages(purge):
        with transaction.atomic():
            forget_songs([row.media_file_id for row in staged])
    if Scan.objects.active().exists():
        return
    for library_id in purge.files.order_by().values_list("library_id", flat=True).distinct():
        maintenance.prune_albums(library_id)
        maintenance.prune_folders(library_id)
    maintenance.prune_artists()
    maintenance.prune_genres()


def undo_purge(purge: Purge) -> UndoResult:
    """Bring the files of a purge back as missing ones, with their ids and all that hung on them.

    In short transactions, each of whole files: nobody waits for a large purge, and what an interrupted undo has not
    brought back is still in the purge for the next one. Two at once share the work.
    """
    if not Purge.objects.done().filter(pk=purge.pk).exists():
        raise NotFound
    kept = purge.files.filter(library__deleted_at__isnull=True).order_by("pk")
    result = UndoResult(ids=[], occupied=[], refused=[])
    last = 0
    # the records are read and understood before the transaction: only the writing needs the lock
    while page := list(kept.filter(pk__gt=last)[:BATCH]):
        restore_page(purge, page, result)
        last = page[-1].pk
        time.sleep(PAUSE)
    if not result.ids and not result.refused:
        purge.refresh_from_db()
        raise Conflict(
            "This purge has already been undone." if purge.undone_at else "The libraries of these files were removed."
        )
    return result


@transaction.atomic
def restore_page(purge: Purge, page: Sequence[PurgedFile], result: UndoResult) -> None:
    """Bring some files of a purge back, with its figures and the audit trail, unless somebody else already has."""
    # the lock: of two undos at once, the second does not find what the first has brought back
    locked = Purge.objects.select_for_update().done().filter(pk=purge.pk).first()
    kept = PurgedFile.objects.filter(pk__in=[row.pk for row in page], library__deleted_at__isnull=True)
    there = set(kept.values_list("pk", flat=True)) if locked else set[int]()
    left = [row for row in page if row.pk in there]
    if locked is None or not left:
        return
    back, occupied, refused = restore_files(left)
    delete_where(PurgedFile, "id", [row.pk for row in back])
    for library_id in sorted({row.library_id for row in back}):
        add_missing(library_id, sum(row.library_id == library_id for row in back))
    result.ids.extend(row.media_file_id for row in back)
    result.occupied.extend(occupied)
    result.refused.extend(refused)
    locked.undone_at = locked.undone_at or timezone.now()
    locked.restored_count += len(back)
    locked.save(update_fields=["undone_at", "restored_count"])
    record("missing.undo", {"restored": len(back)}, kind="purge", pk=locked.pk)


def expire_purges(*, now: datetime | None = None) -> int:
    """Forget the purges whose time is over, and preparations that nobody finished; says how many."""
    now = now or timezone.now()
    over = Purge.objects.filter(expires_at__lte=now) | Purge.objects.filter(
        done_at__isnull=True, created_at__lt=now - PREPARATION
    )
    count = 0
    for purge in over.order_by("pk"):
        # short transactions, so that a large purge blocks nobody while it is forgotten
        while keys := list(purge.files.order_by("pk").values_list("pk", flat=True)[:BATCH]):
            delete_where(PurgedFile, "id", keys)
        with transaction.atomic():
            record("missing.expire", {"files": purge.file_count}, kind="purge", pk=purge.pk)
            purge.delete()
        count += 1
    return count
