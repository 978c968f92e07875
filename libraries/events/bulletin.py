"""From what changed to the events of a viewer, who learns nothing of libraries that are not theirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any, Final

from libraries import visible
from libraries.events.news import AuditedChange, News
from libraries.models import Scan
from libraries.serializers import ScanSerializer
from libraries.services import scans
from navidrome_lib.viewer import Viewer

Events = list[tuple[str, dict[str, Any]]]
LibraryIds = frozenset[int]

REFRESH: Final = "refreshResource"
# in the shapes that clients parse: all of everything is a text, all of one kind is a list
EVERYTHING: Final = {"*": "*"}
ALL: Final = "*"

_MICROSECOND: Final = timedelta(microseconds=1)
# actions in the audit trail that change what a client shows of an account, and of missing files
_OF_ACCOUNTS: Final = ("user.create", "user.update", "user.delete", "access.set")
_OF_SONGS: Final = ("missing.purge", "missing.undo", "missing.relink")
# kinds of things that all people see
_OF_ALL: Final = ("radio", "transcoding")


class Bulletin:
    """What there is to tell at one moment. What several viewers are told is made once."""

    def __init__(self, news: News, followed: Collection[Scan]) -> None:
        self._news = news
        self._followed = sorted(followed, key=lambda scan: scan.pk)
        self._libraries: dict[Viewer, LibraryIds] = {}
        self._scans: dict[tuple[int, bool], dict[str, Any]] = {}
        self._statuses: dict[LibraryIds, dict[str, Any]] = {}

    def events(
        self, viewer: Viewer, before: LibraryIds | None, *, missed: bool = False, tab: int = 0
    ) -> tuple[Events, LibraryIds]:
        """The events for a viewer, and the libraries that it can access now.

        `before` are those at the last time; None tells how things are. `missed`: there may have been news before.
        What the viewer has done in the tab of this number is not told.
        """
        libraries = self.libraries_of(viewer)
        shown = self._followed if before is None else self._news.scans
        visible = [scan for scan in shown if scan.library_id in libraries]
        events: Events = [("scan", self._scan(scan, viewer)) for scan in visible]
        if before is not None:
            events += [(REFRESH, resources) for resources in self._refreshes(viewer, before, libraries, tab)]
        elif missed:
            events.append((REFRESH, EVERYTHING))
        if visible or before != libraries or self._news.vanished & libraries:
            events.append(("scanStatus", self._status(viewer, libraries)))
        return events, libraries

    def libraries_of(self, viewer: Viewer) -> LibraryIds:
        """The libraries that a viewer can access."""
        if viewer not in self._libraries:
            self._libraries[viewer] = frozenset(visible.library_ids(viewer))
        return self._libraries[viewer]

    def _refreshes(
        self, viewer: Viewer, before: LibraryIds, libraries: LibraryIds, tab: int
    ) -> Iterator[dict[str, Any]]:
        """What a client should ask again: first objects by kind, then perhaps everything."""
        named: dict[str, set[str]] = defaultdict(set)
        everything = before != libraries
        if before != libraries:
            # a new library has to be listed, and one's own account tells which there are
            named["library"].add(ALL)
            named["user"].add(viewer.pk)
        for scan in self._news.rested:
            if scan.library_id in libraries:
                named["library"].add(str(scan.library_id))
                everything = everything or has_changed_the_catalog(scan)
        for entry in self._news.entries:
            if not entry.is_of(viewer, tab):
                for kind, pk in resources_of(entry, viewer, libraries):
                    named[kind].add(pk)
        if named:
            yield {kind: [ALL] if ALL in ids else sorted(ids) for kind, ids in sorted(named.items())}
        if everything:
            yield EVERYTHING

    def _scan(self, scan: Scan, viewer: Viewer) -> dict[str, Any]:
        """The object of `/api/scan`; who asked for a scan is for admins."""
        key = scan.pk, viewer.is_admin
        if key not in self._scans:
            data = dict(ScanSerializer(scan).data)
            self._scans[key] = data if viewer.is_admin else {**data, "requestedBy": ""}
        return self._scans[key]

    def _status(self, viewer: Viewer, libraries: LibraryIds) -> dict[str, Any]:
        if libraries not in self._statuses:
            self._statuses[libraries] = status_data(viewer)
        return self._statuses[libraries]


def resources_of(entry: AuditedChange, viewer: Viewer, libraries: LibraryIds) -> Iterator[tuple[str, str]]:
    """The kind and the id of what a client of `viewer` may show otherwise now."""
    if entry.kind == "library" and entry.object_id in map(str, libraries):
        yield "library", entry.object_id
    elif entry.kind in _OF_ALL:
        yield entry.kind, ALL
    elif entry.action in _OF_SONGS and libraries:
        yield "song", ALL
    elif entry.action in _OF_ACCOUNTS and (viewer.is_admin or (entry.kind, entry.object_id) == ("user", viewer.pk)):
        yield "user", entry.object_id if entry.kind == "user" and entry.action != "user.create" else ALL


def has_changed_the_catalog(scan: Scan) -> bool:
    """Whether lists of songs look otherwise after a scan."""
    return bool(scan.added or scan.updated or scan.moved or scan.restored or scan.missing)


def status_data(viewer: Viewer) -> dict[str, Any]:
    """Navidrome's event of this name, for the libraries of the viewer; `elapsedTime` in nanoseconds."""
    status = scans.visible_scan_status(viewer)
    return {
        "scanning": status.scanning,
        "count": status.count,
        "folderCount": status.folder_count,
        "error": status.error,
        "scanType": str(status.scan_type),
        "elapsedTime": status.elapsed // _MICROSECOND * 1000,
    }
