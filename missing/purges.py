"""What can be done with missing files: hide them from every list, and take that back for 30 days.

A purge deletes nothing. It writes its id on the rows of the tracks, which hides them; whatever hangs on a track hangs
on. An undo takes the id off again. So does a scan, when the file of a purged track is at its place again. When the time
of a purge is over, the rows that it still hides leave the database.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from libraries import cleanup, clock, totals
from libraries.models import Library, MediaFile, Scan, ServerClock
from libraries.search.index import forget_songs
from missing.limits import PurgeLimits
from missing.models import KEPT, MissingFile, Purge, PurgeReason
from missing.occupied import Occupied, find_occupied
from navidrome_lib.audit.services import record
from navidrome_lib.db.bulk import chunks
from navidrome_lib.errors import Conflict, NotFound
from navidrome_lib.limits import limits_of

# so far the shown end of a purge may be off
KEPT_ABOUT = timedelta(hours=2)


@dataclass(frozen=True, kw_only=True)
class PurgeResult:
    """What a purge hid; `purge` is None when that was nothing."""

    purge: Purge | None = None
    ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class UndoResult:
    """What an undo brought back, and where another file has the place meanwhile."""

    ids: list[str]
    occupied: list[Occupied]


def select_missing(ids: Sequence[str]) -> list[str]:
    """Those of `ids` that are missing files; one single id that does not exist at all is `NotFound`."""
    wanted = list(dict.fromkeys(ids))
    if len(wanted) == 1:
        known = MediaFile.objects.in_catalog().filter(pk=wanted[0], library__deleted_at__isnull=True)
        if not known.exists():
            raise NotFound
    files = MissingFile.objects.filter(library__deleted_at__isnull=True)
    return [pk for piece in chunks(wanted) for pk in files.filter(pk__in=piece).values_list("pk", flat=True)]


def purge_missing_files(
    ids: Collection[str], *, requested_by: str = "", reason: PurgeReason = PurgeReason.REQUEST
) -> PurgeResult:
    """Hide missing files, all of them or none; those that came back meanwhile stay."""
    return purge_absences(absences_of(ids), requested_by=requested_by, reason=reason)


def purge_absences(
    absences: Mapping[str, datetime | None], *, requested_by: str = "", reason: PurgeReason = PurgeReason.REQUEST
) -> PurgeResult:
    """Hide files that are missing since the given instants; one that came back since, or went again, stays.

    One transaction of one UPDATE per batch of files: a reader sees all of it or nothing.
    """
    purge = Purge(created_by=requested_by, reason=reason)
    hidden = hide_files(purge, absences)
    if not hidden:
        return PurgeResult()
    forget_purged(purge, hidden)
    return PurgeResult(purge=purge, ids=hidden)


def absences_of(ids: Collection[str]) -> dict[str, datetime | None]:
    """Since when each of these files is missing, in the order of their ids; others are left out."""
    found: dict[str, datetime | None] = {}
    for piece in chunks(sorted(set(ids)), limits_of(PurgeLimits).batch):
        rows = MediaFile.objects.missing().filter(pk__in=piece).order_by("pk")
        found.update(rows.values_list("pk", "missing_since"))
    return found


@transaction.atomic
def hide_files(purge: Purge, absences: Mapping[str, datetime | None]) -> list[str]:
    """Write the purge on the rows of these missing files, and save it; returns the ids of those that it hides."""
    hidden: list[str] = []
    sizes: dict[int, dict[str, int]] = {}
    albums: set[str | None] = set()
    for piece in chunks(absences, limits_of(PurgeLimits).batch):
        rows = MediaFile.objects.missing().filter(pk__in=piece).order_by("pk").select_for_update()
        # a file that came back and went again is another absence than the one that was looked at: it stays, too
        found = rows.values_list("pk", "missing_since", "library_id", "size", "album_ref_id")
        held = [row for row in found if absences[row[0]] == row[1]]
        MediaFile.objects.filter(pk__in=[row[0] for row in held]).update(purge_id=purge.pk)
        for pk, _, library_id, size, album_id in held:
            hidden.append(pk)
            sizes.setdefault(library_id, {})[pk] = size
            albums.add(album_id)
    if hidden:
        purge.file_count, purge.size = len(hidden), sum(sum(of_library.values()) for of_library in sizes.values())
        purge.save(force_insert=True)
        totals.forget_album_details(albums)
        for library_id in sorted(sizes):
            totals.add_missing(library_id, -len(sizes[library_id]))
            totals.forget_lost_artists(library_id, sizes[library_id])
        changes = {"files": purge.file_count, "size": purge.size, "reason": purge.reason}
        record("missing.purge", changes, kind="purge", pk=purge.pk)
    return hidden


def forget_purged(purge: Purge, ids: Collection[str]) -> None:
    """Take purged tracks out of the search index, where they would only take the room of others."""
    for piece in chunks(ids, limits_of(PurgeLimits).batch):
        with transaction.atomic():
            # the lock: a scan or an undo may bring a track back at this moment, and make it known to the search again
            rows = MediaFile.objects.filter(pk__in=piece, purge_id=purge.pk).order_by("pk").select_for_update()
            forget_songs(list(rows.values_list("pk", flat=True)))


def undo_purge(purge: Purge) -> UndoResult:
    """Bring the files of a purge back as missing ones, as they are.

    In short transactions: no writer waits for a large purge, and files that an interrupted undo has not restored stay
    in the purge for the next one. Two at once share the work.
    """
    if not Purge.objects.filter(pk=purge.pk).exists():
        raise NotFound
    result = UndoResult(ids=[], occupied=[])
    while restore_batch(purge, result):
        time.sleep(limits_of(PurgeLimits).pause_seconds)
    if not result.ids:
        purge.refresh_from_db()
        if purge.undone_at:
            raise Conflict("This purge has already been undone.")
        raise Conflict("There are no files left to restore: all were found again, or their libraries were removed.")
    return result


@transaction.atomic
def restore_batch(purge: Purge, result: UndoResult) -> bool:
    """Restore one batch of a purge, with its totals and an audit entry; False when no file is left."""
    # the lock: of two undos at once, the second does not find what the first has brought back
    locked = Purge.objects.select_for_update().filter(pk=purge.pk).first()
    batch = limits_of(PurgeLimits).batch
    ids = list(locked.files.order_by("library", "pk").values_list("pk", flat=True)[:batch]) if locked else []
    if locked is None or not ids:
        return False
    back = totals.unpurge(ids)
    if not back:
        return True  # a scan was quicker, and has brought back all of these
    result.ids.extend(back)
    result.occupied.extend(find_occupied(back))
    locked.undone_at = locked.undone_at or timezone.now()
    locked.restored_count += len(back)
    locked.save(update_fields=["undone_at", "restored_count"])
    record("missing.undo", {"restored": len(back)}, kind="purge", pk=locked.pk)
    return True


def correct_expiry(now: ServerClock) -> None:
    """Keep the shown dates those at which the purges go at the earliest: later than said when the server was off."""
    for purge in Purge.objects.filter(counted_from__isnull=False).only("expires_at", "counted_from"):
        left = KEPT - timedelta(seconds=now.lived_seconds - (purge.counted_from or 0.0))
        earliest = now.wall_at + left
        # a date that moves a little at each look would be written at each look
        if abs(earliest - purge.expires_at) > KEPT_ABOUT:
            Purge.objects.filter(pk=purge.pk).update(expires_at=earliest)


def expire_purges(reading: clock.ClockReading | None = None) -> int:
    """Delete the tracks of purges whose time is over, then those purges; says how many.

    Time is what the server has lived through, from the first look on; nothing is deleted while the clock jumps.
    In short transactions, so that a large purge blocks no writer; what an interrupted expiry left is still hidden, and
    goes with the next one. While a scan runs nothing is deleted: it may have looked at these rows already.
    """
    now = clock.advance(reading)
    Purge.objects.filter(counted_from__isnull=True).update(counted_from=now.lived_seconds)
    if now.jumped_at is not None:
        return 0
    correct_expiry(now)
    purges = list(Purge.objects.over(now.lived_seconds).order_by("pk"))
    if not purges or not all(map(delete_hidden, purges)):
        return 0
    # only now the purges themselves go: an expiry that ended before this comes here again
    if not Scan.objects.running().exists():  # one that has begun meanwhile remembers folders, and prunes at its end
        prune()
    return sum(map(forget_purge, purges))


def delete_hidden(purge: Purge) -> bool:
    """Delete all tracks that a purge still hides; False when that has to wait for the end of a scan."""
    while not Scan.objects.running().exists():
        if not delete_batch(purge):
            return True
        time.sleep(limits_of(PurgeLimits).pause_seconds)
    return False


@transaction.atomic
def delete_batch(purge: Purge) -> int:
    """Delete some tracks that a purge still hides, and all that hangs on them; says how many."""
    hidden = MediaFile.objects.purged().filter(purge_id=purge.pk).order_by("pk")
    ids = list(hidden.order_by("library", "pk").values_list("pk", flat=True)[: limits_of(PurgeLimits).batch])
    # in the order of their ids, as all code locks tracks; one that returned meanwhile is not in the purge any more
    found = list(hidden.filter(pk__in=ids).select_for_update().values_list("pk", flat=True))
    cleanup.delete_tracks(found)
    forget_songs(found)
    return len(found)


def prune() -> None:
    """Delete albums, folders, artists and genres that nothing refers to any more; they show in no list."""
    for library_id in Library.objects.active().order_by("pk").values_list("pk", flat=True):
        cleanup.prune_albums(library_id)
        cleanup.prune_folders(library_id)
    cleanup.prune_artists()
    cleanup.prune_genres()


@transaction.atomic
def forget_purge(purge: Purge) -> bool:
    """Delete a purge that is over; False when another process already has."""
    if not Purge.objects.select_for_update().filter(pk=purge.pk).exists():
        return False
    record("missing.expire", {"files": purge.file_count}, kind="purge", pk=purge.pk)
    purge.delete()
    return True
