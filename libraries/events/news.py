"""What changed since the last look: scans by their rows, all else by the audit trail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from django.db.models import Max, Q, QuerySet

from libraries.choices import ScanState
from libraries.models import Scan
from navidrome_lib.audit.models import AuditEntry
from navidrome_lib.audit.tabs import noted
from navidrome_lib.db.prepared import PreparedQuery
from navidrome_lib.viewer import Viewer

_FOLLOWED: Final = (ScanState.QUEUED, ScanState.RUNNING, ScanState.HELD)
_WORKING: Final = (ScanState.QUEUED, ScanState.RUNNING)
# an entry gets its number before its transaction ends: this number of the last ones is looked at again
_LOOKED_AT_AGAIN: Final = 50
# what ends or changes rights of an account, or of any that the entry does not name
_OF_RIGHTS: Final = ("user", "group", "key", "keys")


class AuditedChange(NamedTuple):
    """What open event streams need of an entry of the audit trail."""

    action: str
    kind: str
    object_id: str
    changes: Mapping[str, Any]
    actor_id: str = ""
    # the number of the tab that it comes from; 0 where that is not known
    tab: int = 0

    def is_of(self, viewer: Viewer, tab: int) -> bool:
        """Whether the viewer has done it in this tab, which knows."""
        return bool(tab) and (self.actor_id, self.tab) == (viewer.pk, tab)


@dataclass(frozen=True, kw_only=True)
class News:
    """What changed since the last look."""

    # new ones, and those that went on
    scans: tuple[Scan, ...] = ()
    # those among them that have come to rest
    rested: tuple[Scan, ...] = ()
    # the libraries of waiting and running scans that are gone
    vanished: frozenset[int] = frozenset()
    entries: tuple[AuditedChange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.scans or self.vanished or self.entries)

    def concern_rights_of(self, viewer: Viewer) -> bool:
        """True when the credentials of this viewer should be looked at again."""
        return any(
            entry.kind in _OF_RIGHTS and (entry.kind != "user" or entry.object_id == viewer.pk)
            for entry in self.entries
        )


def scans_to_tell(newest: int, *followed: int) -> QuerySet[Scan]:
    """Those behind the newest known one, those that are followed, and those that should be."""
    wanted = Q(state__in=_FOLLOWED) | Q(pk__in=followed) | Q(pk__gt=newest)
    return Scan.objects.filter(wanted, library__deleted_at__isnull=True).select_related("library")


_scans_when_idle: Final = PreparedQuery[Scan](scans_to_tell, int)
_entries_behind: Final = PreparedQuery[Any](
    lambda pk: (
        AuditEntry.objects.filter(pk__gt=pk)
        .order_by("pk")
        .values_list("pk", "action", "object_type", "object_id", "changes", "actor_id")
    ),
    int,
)


class NewsReader:
    """Looks at the rows of this moment. The first look finds nothing new; each costs two queries."""

    def __init__(self) -> None:
        # the scans that wait, run or need an approval
        self.followed: dict[int, Scan] = {}
        self._newest_scan: int | None = None
        self._newest_entry = 0
        self._read: set[int] = set()

    def look(self) -> News:
        """What changed since the last look."""
        if self._newest_scan is None:
            self._newest_scan = Scan.objects.aggregate(newest=Max("pk"))["newest"] or 0
            self._newest_entry = AuditEntry.objects.aggregate(newest=Max("pk"))["newest"] or 0
            self._read = {pk for pk, _ in self._entries()}
            self.followed = {pk: scan for pk, scan in self._scans().items() if scan.state in _FOLLOWED}
            return News()
        rows, before = self._scans(), self.followed
        changed = [rows[pk] for pk in sorted(rows) if pk not in before or state_of(before[pk]) != state_of(rows[pk])]
        rested = [scan for scan in changed if scan.state not in _WORKING and not was_at_rest(before.get(scan.pk))]
        vanished = frozenset(before[pk].library_id for pk in before.keys() - rows.keys())
        self._newest_scan = max([self._newest_scan, *rows])
        self.followed = {pk: scan for pk, scan in rows.items() if scan.state in _FOLLOWED}
        return News(scans=tuple(changed), rested=tuple(rested), vanished=vanished, entries=tuple(self._new_entries()))

    def _scans(self) -> dict[int, Scan]:
        newest = self._newest_scan or 0
        rows = scans_to_tell(newest, *self.followed) if self.followed else _scans_when_idle.rows(newest)
        return {scan.pk: scan for scan in rows}

    def _entries(self) -> Iterator[tuple[int, AuditedChange]]:
        for pk, *values in _entries_behind.rows(self._newest_entry - _LOOKED_AT_AGAIN):
            yield pk, AuditedChange(*values)

    def _new_entries(self) -> list[AuditedChange]:
        found = {pk: entry for pk, entry in self._entries() if pk not in self._read}
        self._newest_entry = max([self._newest_entry, *found])
        self._read = {pk for pk in self._read.union(found) if pk > self._newest_entry - _LOOKED_AT_AGAIN}
        tabs = noted(found)
        return [entry._replace(tab=tabs.get(pk, 0)) for pk, entry in found.items()]


def state_of(scan: Scan) -> tuple[object, ...]:
    """What differs when there is something to tell of a scan."""
    return scan.state, scan.phase, scan.heartbeat_at, scan.full, scan.targets, scan.attempts, scan.error


def was_at_rest(scan: Scan | None) -> bool:
    """Whether a scan had ended or been held already."""
    return scan is not None and scan.state not in _WORKING
