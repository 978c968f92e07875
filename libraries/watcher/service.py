"""The watcher: follows which libraries are to be watched, and asks for a scan of what changed in them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections
from django.utils import timezone

from libraries.choices import ACTIVE_STATES, ScanTrigger, WatchState
from libraries.limits import WatchLimits
from libraries.models import Library, Scan, WatchStatus
from libraries.scanner import scan_options, writable_path
from libraries.services import scans
from libraries.storage.roots import EVERYTHING, ScanTargets, normal_target
from libraries.watcher.library_watch import LibraryWatch, Standing
from navidrome_lib import heartbeat
from navidrome_lib.errors import DomainError, InvalidInput
from navidrome_lib.limits import limits_of
from navidrome_lib.outages import Outage, outage_of

logger = logging.getLogger(__name__)


def watching(stop: threading.Event) -> Callable[[], None] | None:
    """What watches until `stop` is set; None where an admin of the server wants no watcher."""
    return (lambda: Watcher(stop).run()) if settings.CONF.scanner.watcher_wait > 0 else None


class Watcher:
    """Runs until `stop` is set. A database or a root that goes away costs time, nothing else."""

    def __init__(
        self,
        stop: threading.Event,
        *,
        settle: float | None = None,
        poll: float | None = None,
        limits: WatchLimits | None = None,
    ) -> None:
        self._stop = stop
        self._limits: WatchLimits = limits or limits_of(WatchLimits)
        self._settle = settings.CONF.scanner.watcher_wait if settle is None else settle
        self._poll = settings.CONF.scanner.watcher_poll if poll is None else poll
        self._watches: dict[int, LibraryWatch] = {}
        self._told: dict[int, Standing] = {}
        # the scans that were asked for and have not ended yet
        self._asked: set[int] = set()
        self._refresh_at = self._beat_at = 0.0
        self._outage: Outage | None = None

    def run(self) -> None:
        """Watch until told to stop."""
        try:
            while not self._stop.is_set():
                try:
                    self.step(time.monotonic())
                    self._outage = None
                except (DatabaseError, InterfaceError) as error:
                    self._note_outage(error)
                    connections.close_all()
                self._stop.wait(self._limits.tick_seconds if self._watches else self._limits.refresh_seconds)
        finally:
            for watch in self._watches.values():
                watch.end()
            connections.close_all()

    def _note_outage(self, error: Exception) -> None:
        """Say once what is away, however long; what is no outage is a mistake of ours."""
        outage = outage_of(error)
        if outage is None:
            raise error
        if outage != self._outage:
            logger.warning("changes of libraries wait: %s", outage.sentence)
        self._outage = outage

    def step(self, now: float) -> None:
        """One round of everything that is due."""
        if now >= self._refresh_at:
            self._refresh_at = now + self._limits.refresh_seconds
            self._refresh()
            self._look_again(now)
        for pk, watch in self._watches.items():
            watch.check(now)
            folders = watch.due(now)
            if folders is not None:
                self._ask(pk, watch, folders, now)
        self._tell(now)

    def _refresh(self) -> None:
        """Start and end watches so that they are the ones that the libraries ask for now."""
        libraries = Library.objects.active().filter(watch=True).order_by("pk")
        wanted = {library.pk: scan_options(library) for library in libraries}
        for pk in [pk for pk, watch in self._watches.items() if wanted.get(pk) != watch.options]:
            self._watches.pop(pk).end()
            self._told.pop(pk, None)
            WatchStatus.objects.filter(library=pk).delete()
        for pk, options in wanted.items():
            if pk not in self._watches:
                self._watches[pk] = LibraryWatch(options, settle=self._settle, poll=self._poll, limits=self._limits)

    def _ask(self, pk: int, watch: LibraryWatch, folders: list[bytes], now: float) -> None:
        """Ask for a scan of what changed; what cannot be asked for now is asked for again."""
        library = Library.objects.active().filter(pk=pk).first()
        if library is None:
            return
        if not folders and watch.standing.state == WatchState.POLLING and library.scans.active().exists():
            return  # a scan that takes longer than the interval is not followed by the next one at once
        found = targets_of(library, folders)
        if folders and not found:
            return  # it came and went, and no scan ever saw it
        try:
            targets = EVERYTHING if "" in found else ScanTargets(tuple(found))
            self._asked.add(scans.request_scan(library, trigger=ScanTrigger.WATCHER, targets=targets).pk)
        except DomainError as error:
            logger.warning("no scan of %s: %s", library, error)
        except (DatabaseError, InterfaceError):
            watch.not_done(folders, now)
            raise

    def _look_again(self, now: float) -> None:
        """Have another look, later, at the folders in which ended scans left files that were too new."""
        if not self._asked:
            return
        ended = Scan.objects.filter(pk__in=self._asked).exclude(state__in=ACTIVE_STATES)
        for pk, library, settling in ended.values_list("pk", "library", "settling"):
            self._asked.discard(pk)
            if settling and library in self._watches:
                self._watches[library].look_again((folder.encode() for folder in settling), now)
        self._asked &= set(Scan.objects.filter(pk__in=self._asked).values_list("pk", flat=True))

    def _tell(self, now: float) -> None:
        """Write down how each library is watched when that changes, and now and then that we are alive."""
        moment = timezone.now()
        for pk, watch in self._watches.items():
            standing = watch.standing
            if self._told.get(pk) != standing:
                values = {"state": standing.state, "reason": standing.reason, "heartbeat_at": moment}
                if Library.objects.filter(pk=pk).exists():
                    WatchStatus.objects.update_or_create(library_id=pk, defaults=values)
                self._told[pk] = standing
        if now >= self._beat_at and self._watches:
            self._beat_at = now + self._limits.beat_seconds
            heartbeat.note("watcher")

    def states(self) -> dict[int, WatchState]:
        """How each library is watched now."""
        return {pk: watch.standing.state for pk, watch in self._watches.items()}


def targets_of(library: Library, folders: Iterable[bytes]) -> list[str]:
    """The folders as a request takes them; "" is the whole library."""
    found = {target for folder in folders if (target := target_of(library, folder)) is not None}
    return sorted(found)


def target_of(library: Library, folder: bytes) -> str | None:
    """A folder, or the nearest one above it whose name can be written; None for one that is neither here nor known."""
    try:
        return normal_target(library, writable_path(folder))
    except InvalidInput:
        return None
