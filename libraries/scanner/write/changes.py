"""What a transaction of a scan changes, folder by folder, written in that transaction: as true as the rows themselves.

A scan that dies has written down exactly what it did, and the attempt that follows only adds what it does itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from django.db import connection

from libraries.choices import ChangeKind
from libraries.models import Folder, Scan, ScanChange
from libraries.scanner.paths import display, key_of, parent
from libraries.scanner.types import MoveCandidate, MovePlan
from libraries.totals import Marked
from navidrome_lib.db.bulk import chunks, insert_or, quoted, table

_KEY: Final = ("scan_id", "library_number", "folder_key", "kind", "from_library_number", "from_key")
_COLUMNS: Final = (*_KEY, "folder", "from_folder", "count")


class Place(NamedTuple):
    """A folder of a library."""

    library_id: int
    path: bytes


class Tally:
    """Counts the changes of one transaction; `save` comes at its end."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._counts: Counter[tuple[ChangeKind, Place, Place | None]] = Counter()
        self._unadded: Counter[Place] = Counter()

    def files(self, kind: ChangeKind, paths: Iterable[bytes]) -> None:
        """Count files of the library by their paths."""
        self.folders(kind, Counter(map(parent, paths)))

    def folders(self, kind: ChangeKind, counts: Counter[bytes]) -> None:
        """Count files of the library by their folders."""
        for path, count in counts.items():
            self._counts[kind, Place(self._scan.library_id, path), None] += count

    def count_moves(self, plan: MovePlan, began: datetime) -> None:
        """Count what came of a plan that was carried out; `began` is when the scan did, in its first attempt."""
        sides = [*(side for pair in plan.pairs for side in pair), *(gone for gone, _ in plan.taken), *plan.lost]
        places = _places(sides)
        for old, new in plan.pairs:
            self._move(places.get(old.folder_id), places[new.folder_id])
            if self._is_own(new, began):
                self._unadded[places[new.folder_id]] += 1
        for old, state in plan.taken:
            self._move(places.get(old.folder_id), Place(self._scan.library_id, parent(state.path)))
        self.files(ChangeKind.ADDED, (state.path for state in plan.added))
        for side in plan.lost:
            self._counts[ChangeKind.MISSING, places[side.folder_id], None] += 1

    def _move(self, old: Place | None, new: Place) -> None:
        self._counts[ChangeKind.MOVED, new, old] += 1

    def _is_own(self, new: MoveCandidate, began: datetime) -> bool:
        """Whether this scan, in whichever attempt, had counted a row as added before it was joined."""
        return new.library_id == self._scan.library_id and new.at >= began

    def save(self) -> None:
        """Write down what was counted, in the transaction that is open; nothing was, nothing is asked."""
        if self._counts:
            rows = [self._row(*what, count) for what, count in self._counts.items() if count]
            _add(rows)
        if self._unadded:
            _take_back(self._scan.pk, self._unadded)

    def _row(self, kind: ChangeKind, place: Place, old: Place | None, count: int) -> tuple[str | int, ...]:
        from_library, from_key, from_folder = (
            (old.library_id, key_of(old.path), display(old.path)) if old is not None else (0, "", "")
        )
        key = (self._scan.pk, place.library_id, key_of(place.path), kind.value, from_library, from_key)
        return (*key, display(place.path), from_folder, count)


def count_missing(scan: Scan, marked: Marked) -> None:
    """Write down what was marked missing, in the transaction that marks it."""
    tally = Tally(scan)
    tally.folders(ChangeKind.MISSING, marked.folders)
    tally.save()


def _places(sides: Iterable[MoveCandidate]) -> dict[str, Place]:
    """The folders of some sides by id."""
    found: dict[str, Place] = {}
    for piece in chunks({side.folder_id for side in sides}):
        rows = Folder.objects.filter(pk__in=piece).values_list("pk", "library_id", "path_bytes")
        found |= {pk: Place(library_id, bytes(path)) for pk, library_id, path in rows}
    return found


def _add(rows: list[tuple[str | int, ...]]) -> None:
    keys, count = ", ".join(map(quoted, _KEY)), quoted("count")
    sums = f"({keys}) DO UPDATE SET {count} = {table(ScanChange)}.{count} + EXCLUDED.{count}"
    insert_or(ScanChange, _COLUMNS, rows, sums)


def _take_back(scan_id: int, places: Counter[Place]) -> None:
    """Count files no longer as added."""
    count = quoted("count")
    of_scan = f"{table(ScanChange)} {{}} WHERE scan_id = %s AND kind = %s"
    sql = "UPDATE " + of_scan.format(f"SET {count} = {count} - %s") + " AND library_number = %s AND folder_key = %s"
    sql += f" AND {count} >= %s"
    added = ChangeKind.ADDED.value
    rows = [(n, scan_id, added, place.library_id, key_of(place.path), n) for place, n in places.items()]
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)
    ScanChange.objects.filter(scan=scan_id, kind=added, count=0).delete()
