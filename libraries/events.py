"""Server-sent events about scans, read from their rows: any process may run the scans."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, connections
from django.db.models import Max, Q

from libraries.choices import ScanState
from libraries.limits import EventLimits
from libraries.models import Library, Scan
from libraries.serializers import ScanSerializer
from libraries.services import scans
from navidrome_lib.api import streams
from navidrome_lib.viewer import Viewer

# each stream holds one of the 32 threads of a web process
SLOTS: Final = streams.Slots(limit=8, each=4)

_FOLLOWED: Final = (ScanState.QUEUED, ScanState.RUNNING, ScanState.HELD)
_MICROSECOND: Final = timedelta(microseconds=1)

Events = list[tuple[str, dict[str, Any]]]


class Feed:
    """What changed since the last look. Each look is one query, and a few more when something did change."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, ...]] = {}
        self._newest: int | None = None

    def look(self, viewer: Viewer) -> Events:
        """`scan` for each scan that changed, then `scanStatus` for all; the first look tells how things are."""
        first = self._newest is None
        if self._newest is None:
            self._newest = Scan.objects.aggregate(newest=Max("pk"))["newest"] or 0
        wanted = Q(state__in=_FOLLOWED) | Q(pk__in=list(self._known)) | Q(pk__gt=self._newest)
        rows = {scan.pk: scan for scan in Scan.objects.visible_to(viewer).filter(wanted).select_related("library")}
        seen = {pk: fingerprint(scan) for pk, scan in rows.items()}
        changed = sorted(pk for pk, print_ in seen.items() if self._known.get(pk) != print_)
        vanished = self._known.keys() - rows.keys()
        self._newest = max([self._newest, *rows])
        self._known = {pk: print_ for pk, print_ in seen.items() if rows[pk].state in _FOLLOWED}
        events: Events = [("scan", scan_data(rows[pk], viewer)) for pk in changed]
        if changed or vanished or first:
            events.append(("scanStatus", status_data(viewer)))
        return events


def fingerprint(scan: Scan) -> tuple[object, ...]:
    """What differs when there is something to tell."""
    return scan.state, scan.phase, scan.heartbeat_at, scan.full, scan.targets, scan.attempts, scan.error


def scan_data(scan: Scan, viewer: Viewer) -> dict[str, Any]:
    """The object of `/api/scan`; who asked for a scan is for admins."""
    data = dict(ScanSerializer(scan).data)
    return data if viewer.is_admin else {**data, "requestedBy": ""}


def status_data(viewer: Viewer) -> dict[str, Any]:
    """Navidrome's event of this name, for the libraries of the viewer; `elapsedTime` in nanoseconds."""
    status = scans.scan_status(Library.objects.visible_to(viewer))
    return {
        "scanning": status.scanning,
        "count": status.count,
        "folderCount": status.folder_count,
        "error": status.error,
        "scanType": str(status.scan_type),
        "elapsedTime": status.elapsed // _MICROSECOND * 1000,
    }


class EventStream:
    """The bytes of one stream, until its viewer may no longer look, minutes have passed, or the server stops.

    Between two looks it holds no connection to the database. `close` gives its slot back, also when nothing was read.
    """

    def __init__(
        self, viewer_now: Callable[[], Viewer | None], close: Callable[[], None], *, limits: EventLimits | None = None
    ) -> None:
        self._viewer_now = viewer_now
        self._limits: EventLimits = limits or settings.EVENT_LIMITS
        self.close = close

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield streams.reconnect_after(self._limits.reconnect_seconds)
            yield from self._messages()
        finally:
            connections.close_all()
            self.close()

    def _messages(self) -> Iterator[bytes]:
        limits = self._limits
        feed, end = Feed(), time.monotonic() + limits.longest_seconds
        viewer: Viewer | None = None
        check_at = keep_alive_at = time.monotonic()
        while (now := time.monotonic()) < end and not streams.must_end():
            try:
                if now >= check_at:
                    check_at = now + limits.rights_seconds
                    viewer = self._viewer_now()
                if viewer is None:
                    return
                events = feed.look(viewer)
            except DatabaseError:
                return  # the client comes back, and the database perhaps too
            finally:
                connections.close_all()
            yield from (streams.message(event, data) for event, data in events)
            if now >= keep_alive_at:
                keep_alive_at = now + limits.keep_alive_seconds
                yield streams.message("keepAlive", {"ts": int(time.time())})
            elif check_at == now + limits.rights_seconds:
                yield streams.COMMENT  # a client that has gone is noticed soon
            pause(limits.poll_seconds)


def pause(seconds: float) -> None:
    """Wait, but not longer than the server lives."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not streams.must_end():
        time.sleep(min(left, 0.25))
