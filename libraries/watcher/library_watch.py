"""One library under watch: by the kernel's events where they can be relied on, else by a look now and then.

Files are never opened, and whatever may hang is done in a thread of its own.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from watchdog.events import (
    DirAttribEvent,
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from libraries.choices import WatchState
from libraries.limits import WatchLimits
from libraries.scanner import (
    IGNORE_FILE,
    ScanLimits,
    ScanOptions,
    display,
    is_audio_name,
    parent,
    reason_of,
    root_scope,
)
from libraries.watcher.changed_folders import ChangedFolders
from libraries.watcher.mounts import holds, network_storage
from navidrome_lib.limits import limits_of

logger = logging.getLogger(__name__)

# opening and reading a file is no event: a scan would wake itself up; rights that change make a file readable
EVENTS: Final[list[type[FileSystemEvent]]] = [
    FileCreatedEvent, FileDeletedEvent, FileMovedEvent, FileModifiedEvent, FileClosedEvent, FileAttribEvent,
    DirCreatedEvent, DirDeletedEvent, DirMovedEvent, DirAttribEvent,
]  # fmt: skip

_EXHAUSTED: Final = {
    errno.ENOSPC: "The system's limit of watched folders (fs.inotify.max_user_watches) is reached",
    errno.EMFILE: "The system's limit of watchers (fs.inotify.max_user_instances) is reached",
}


@dataclass(frozen=True)
class Standing:
    """What is said about a watch; `root` is the folder (device, inode) that is being watched."""

    state: WatchState
    reason: str = ""
    root: tuple[int, int] | None = None


class Handler(FileSystemEventHandler):
    """Notes the folder of each event that a scan would care about."""

    def __init__(self, options: ScanOptions, touch: Callable[[bytes], None]) -> None:
        self._root = options.root.rstrip(b"/") or b"/"
        self._scope = root_scope(options)
        self._touch = touch

    def on_any_event(self, event: FileSystemEvent) -> None:
        """A folder that came, went or moved is noted itself, a file by its folder."""
        for path in (event.src_path, event.dest_path):
            if path:
                self.note(os.fsencode(path), is_directory=event.is_directory)

    def note(self, path: bytes, *, is_directory: bool) -> None:
        if path == self._root or not holds(self._root, path):
            return
        relative = path[len(self._root.rstrip(b"/")) + 1 :]
        name = relative.rpartition(b"/")[2]
        if not is_directory and not is_audio_name(name) and name != IGNORE_FILE:
            return
        folder = relative if is_directory else parent(relative)
        if not self.is_excluded(folder):
            self._touch(folder)

    def is_excluded(self, folder: bytes) -> bool:
        """Whether a rule of the library keeps the folder out. Ignore files are left to the scan: nothing is opened."""
        parts = folder.split(b"/") if folder else []
        above = (b"/".join(parts[: depth + 1]) for depth in range(len(parts)))
        return any(self._scope.excluded(each, True) is not None for each in above)


class LibraryWatch:
    """Watches one library, as long as `options` stay what they are."""

    def __init__(self, options: ScanOptions, *, settle: float, poll: float, limits: WatchLimits) -> None:
        self.options = options
        self._limits = limits
        self.standing = Standing(WatchState.OFF, "The watcher is starting: it lists the folders for the first time.")
        self._poll = poll
        self._changed = ChangedFolders(settle)
        self._observer: BaseObserver | None = None
        self._thread: threading.Thread | None = None
        self._ended = False
        self._check_at = self._retry_at = self._probe_at = 0.0
        self._asked_at = 0.0
        self._whole_at: float | None = None

    def due(self, now: float) -> list[bytes] | None:
        """The folders to scan now, an empty list for the whole library, None for nothing."""
        if self._whole_at is not None and now >= self._whole_at:
            self._schedule_whole(now)
            self._changed.clear()
            return []
        folders = self._changed.settled(now)
        if b"" in folders or len(folders) > self._limits.targets:
            return []
        return folders or None

    def not_done(self, folders: list[bytes], now: float) -> None:
        """What `due` told could not be asked for: it is due again soon."""
        if folders:
            self._changed.put_back(folders, now)
        else:
            self._whole_at = now + self._limits.check_seconds

    def look_again(self, folders: Iterable[bytes], now: float) -> None:
        """Files in these folders were too new for a scan: the folders are due once the files have come to rest."""
        self._changed.put_back(folders, now + limits_of(ScanLimits).settle_ns / 1e9)

    def check(self, now: float) -> None:
        """Every few seconds: is the root still the one that is watched, and do its events still come?"""
        if self._thread is not None and self._thread.is_alive():
            if now - self._asked_at > self._limits.answer_seconds:
                where = display(self.options.root)
                self.standing = Standing(WatchState.OFF, f"The library's folder {where} does not answer.")
            return
        if now >= self._check_at:
            self._check_at, self._asked_at = now + self._limits.check_seconds, now
            self._thread = threading.Thread(target=self._look, args=(now,), name="watch-check", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Stop watching."""
        self._ended = True
        self._stop_observer()

    def _look(self, now: float) -> None:
        try:
            self._decide(now)
        except Exception:
            logger.exception("the watch of %s failed", display(self.options.root))
            self._become(Standing(WatchState.OFF, "The watcher failed. See the log of the server."), now)
        if self._ended:
            self._stop_observer()

    def _decide(self, now: float) -> None:
        try:
            real = os.path.realpath(self.options.root, strict=True)
            found = os.stat(os.path.join(real, b"."))
        except OSError as error:
            where = display(self.options.root)
            reason = f"The library's folder {where} cannot be reached: {reason_of(error)}. The watcher tries again."
            self._become(Standing(WatchState.OFF, reason), now)
            return
        root = (found.st_dev, found.st_ino)
        kind = network_storage(real, mounts=settings.MOUNT_TABLE)
        if kind:
            reason = f"The folder is on network storage ({kind}), which tells nothing of changes"
            self._become(Standing(WatchState.POLLING, self._polled(reason), root), now)
        elif self.standing.root != root or self.standing.state == WatchState.OFF or self._is_broken(now):
            self._become(self._watch(root, now), now)

    def _is_broken(self, now: float) -> bool:
        """Whether a watch has ended by itself, or one that was given up may work again."""
        if self._observer is None:
            return now >= self._retry_at
        if not all(emitter.is_alive() for emitter in self._observer.emitters):
            return True
        if now < self._probe_at:
            return False
        self._probe_at = now + self._limits.probe_seconds
        return probe() is not None

    def _watch(self, root: tuple[int, int], now: float) -> Standing:
        """Watch from now on; polling when the system has no more to give."""
        self._stop_observer()
        error = self._start_observer() or probe()
        if error is None:
            reason = "Folders behind links are not watched" if self.options.follow_symlinks else ""
            self._probe_at = now + self._limits.probe_seconds
            return Standing(WatchState.WATCHING, self._polled(reason) if reason else "", root)
        self._stop_observer()
        self._retry_at = now + self._limits.retry_seconds
        sentence = _EXHAUSTED.get(error.errno or 0, f"The folder cannot be watched: {reason_of(error)}")
        return Standing(WatchState.POLLING, self._polled(sentence), root)

    def _start_observer(self) -> OSError | None:
        try:
            self._observer = Observer()
            self._observer.schedule(
                Handler(self.options, lambda folder: self._changed.add(folder, time.monotonic())),
                os.fsdecode(self.options.root),
                recursive=self.options.recursive,
                event_filter=EVENTS,
            )
            self._observer.start()
        except OSError as error:
            return error
        return None

    def _stop_observer(self) -> None:
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()
            if observer.is_alive():
                observer.join(timeout=5)

    def _become(self, standing: Standing, now: float) -> None:
        before, self.standing = self.standing, standing
        if standing.state != WatchState.WATCHING:
            self._stop_observer()
        if standing.state == WatchState.OFF:
            self._whole_at = None
        elif (before.state, before.root) != (standing.state, standing.root):
            self._whole_at = now  # what happened before is not known
        if before != standing:
            logger.info("watch of %s: %s %s", display(self.options.root), standing.state, standing.reason)

    def _schedule_whole(self, now: float) -> None:
        often = self.standing.state == WatchState.POLLING or self.options.follow_symlinks
        self._whole_at = now + (self._poll if often else self._limits.safety_seconds)

    def _polled(self, reason: str) -> str:
        return f"{reason}: checked every {self._poll:.0f} seconds."


def probe() -> OSError | None:
    """Why the system would refuse one more watch: watchdog says nothing of the folders that it could not watch."""
    observer: BaseObserver | None = None
    try:
        observer = Observer()
        observer.schedule(FileSystemEventHandler(), os.sep, event_filter=[DirMovedEvent])
        observer.start()
    except OSError as error:
        return error
    finally:
        if observer is not None:
            observer.stop()
            if observer.is_alive():
                observer.join(timeout=5)
    return None
