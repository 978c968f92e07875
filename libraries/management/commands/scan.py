"""`manage.py scan [--full] [--folder F…] [library…]`"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from libraries.choices import ACTIVE_STATES, ChangeKind, ScanState, ScanTrigger
from libraries.models import Library, Scan
from libraries.models.library import name_key
from libraries.scanner import run_scan
from libraries.services import scans
from libraries.storage.roots import prepare_targets
from navidrome_lib.admin import formatting
from navidrome_lib.errors import Conflict, DomainError

_WAIT_SECONDS = 1.0
# the counters of a scan, by the words that the pages use
_COUNTS = {
    "seen": "files",
    "added": "added",
    "updated": "updated",
    "moved": "moved",
    "restored": "restored",
    "missing": "missing",
    "skipped": "unchanged",
    "failed": "failed",
}


class ProgressLine:
    """The progress of a scan: a bar on a terminal, a line per phase elsewhere."""

    def __init__(self, command: Command, title: str) -> None:
        self._command = command
        self._title = title
        self._phase = ""
        self._bar: tqdm[Any] | None = None
        if command.stdout.isatty():
            self._bar = tqdm(desc=title, unit=" files", dynamic_ncols=True, leave=False)

    def show(self, scan: Scan) -> None:
        if self._bar is None:
            if scan.phase != self._phase:
                total = "?" if scan.files_total is None else scan.files_total
                self._command.stdout.write(f"{self._title}: {scan.phase}, {scan.seen} of {total} files")
        else:
            self._bar.total = scan.files_total
            self._bar.set_postfix_str(f"{scan.phase} {scan.current_folder[-40:]}", refresh=False)
            self._bar.update(scan.seen - self._bar.n)
        self._phase = scan.phase

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class Command(BaseCommand):
    help = "Scan libraries in this process, without a worker."
    # they would load every page of the server first
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("library", nargs="*", help="id or name; none: all libraries")
        parser.add_argument("--full", action="store_true", help="full rescan: read every file, changed or not")
        parser.add_argument("--folder", action="append", default=[], help="only this folder of the library; repeatable")
        parser.add_argument("--accept-empty", action="store_true", help="the folder was emptied on purpose")
        parser.add_argument(
            "--accept-device", action="store_true", help="the library, or a part of it, was moved to another disk"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        libraries = find_libraries(options["library"])
        if options["folder"] and len(libraries) != 1:
            raise CommandError("--folder needs exactly one library.")
        wrong = []
        for library in libraries:
            asked = {name: options[name] for name in ("full", "accept_empty", "accept_device")}
            scan = self._scan(library, targets=options["folder"], **asked)
            self.stdout.write(summary(library, scan))
            for line in most_changed(scan):
                self.stdout.write(f"  {line}")
            library.refresh_from_db(fields=["unread_files"])
            if library.unread_files:
                self.stdout.write(f"  {formatting.unread(library.unread_files)}")
            if scan.state == ScanState.CANCELLED:
                raise CommandError("The scan was cancelled.")
            if scan.state != ScanState.FINISHED:
                wrong.append(library.name)
        if wrong:
            raise CommandError(f"Not finished: {', '.join(wrong)}.")

    def _scan(self, library: Library, *, targets: list[str], **asked: Any) -> Scan:
        try:
            folders = prepare_targets(library, targets)
            scan = scans.request_scan(library, trigger=ScanTrigger.COMMAND, targets=folders, deliver=False, **asked)
        except DomainError as error:
            raise CommandError(error.message) from error
        progress = ProgressLine(self, library.name)
        try:
            while scan.state in ACTIVE_STATES:
                # a worker may run a scan of this library, or take this very one: then this command watches it
                done = run_scan(scan.pk, on_progress=progress.show)
                if done is not None:
                    return done
                time.sleep(_WAIT_SECONDS)
                scan.refresh_from_db()
                if scan.state == ScanState.QUEUED and scan.retry_at is not None:
                    raise CommandError(f"{scan.error} The scan is queued again, for a worker.")
                if scan.state == ScanState.RUNNING:
                    progress.show(scan)
            return scan
        except KeyboardInterrupt:
            with suppress(Conflict):  # a scan that ran here has ended as cancelled already
                scans.cancel_scan(scan)
            raise CommandError("The scan was cancelled.") from None
        finally:
            progress.close()


def find_libraries(names: list[str]) -> list[Library]:
    """The libraries of these ids or names, in that order; all without any."""
    libraries = Library.objects.active().order_by("pk")
    if not names:
        return list(libraries)
    found = []
    for name in names:
        library = libraries.filter(name_key=name_key(name)).first()
        if library is None and name.isdecimal() and len(name) < 19:
            library = libraries.filter(pk=int(name)).first()
        if library is None:
            known = ", ".join(f"{each.pk} ({each.name})" for each in libraries) or "none"
            raise CommandError(f"There is no library “{name}”. Known libraries: {known}.")
        found.append(library)
    return found


def summary(library: Library, scan: Scan) -> str:
    """One line on how a scan ended."""
    counts = ", ".join(f"{getattr(scan, name)} {word}" for name, word in _COUNTS.items())
    return f"{library.name}: {scan.state}; {counts}." + (f" {scan.error}" if scan.error else "")


def most_changed(scan: Scan, *, lines: int = 10) -> list[str]:
    """The folders in which most files changed, a line each; one more line says how many others there are."""
    rows = scan.changes.order_by("-count", "folder", "pk")
    found = []
    for row in rows[:lines]:
        origin = f" from {row.from_folder or '/'}" if row.kind == ChangeKind.MOVED else ""
        found.append(f"{row.count} {row.kind}{origin}: {row.folder or '/'}")
    others = rows.count() - len(found)
    return [*found, f"and {others} more"] if others else found
