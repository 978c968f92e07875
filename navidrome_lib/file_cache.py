"""A folder of files that can be made again: bounded in size, the ones that were used longest ago go first."""

from __future__ import annotations

import contextlib
import glob
import os
import threading
import time
from functools import cache
from pathlib import Path
from typing import Final

# a use is noted in the time of the file, no more often than this
_NOTED_SECONDS: Final = 3600.0
# the share of the limit that is written before all is counted again, and that a count leaves
_COUNT_AFTER: Final = 0.05
_KEPT: Final = 0.9
# leftovers of processes that died while they wrote
_ABANDONED_SECONDS: Final = 6 * 3600.0
PARTIAL: Final = ".partial"


class FileCache:
    """Files by name in one folder, of at most `limit` bytes together; 0 keeps none. For all threads and processes."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self.limit = limit
        self._lock = threading.Lock()
        # before the first count nothing is known of what other processes wrote
        self._written = limit

    def open(self, name: str) -> int | None:
        """A descriptor of the file of that name; None without one, or where the disk does not give it."""
        path = self.path(name)
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        if time.time() - os.fstat(fd).st_mtime > _NOTED_SECONDS:
            with contextlib.suppress(OSError):
                os.utime(path)
        return fd

    def get(self, name: str) -> bytes | None:
        """The bytes of a file; None without one, or where the disk does not give them."""
        fd = self.open(name)
        if fd is None:
            return None
        with contextlib.suppress(OSError), os.fdopen(fd, "rb") as file:
            return file.read()
        return None

    def put(self, name: str, data: bytes) -> None:
        """Keep a file, in one step. A disk that is full keeps none, which is no error."""
        if not self.limit:
            return
        path = self.path(name)
        partial = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}{PARTIAL}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial.write_bytes(data)
            partial.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                partial.unlink()
            return
        self.added(len(data))

    def forget(self, beginning: str) -> None:
        """Delete the files whose names are this text, a hyphen, and more."""
        for path in self.path(beginning).parent.glob(f"{glob.escape(beginning)}-*"):
            with contextlib.suppress(OSError):
                path.unlink()

    def path(self, name: str) -> Path:
        """The place of a file: a folder has at most a 256th of them."""
        return self.folder / name[:2] / name

    def added(self, size: int) -> None:
        """Count what was added, and make room when that is due."""
        with self._lock:
            self._written += size
            if self._written < self.limit * _COUNT_AFTER:
                return
            self._written = 0
        self.prune()

    def prune(self) -> None:
        """Delete what was used longest ago, where there is more than the limit, and abandoned leftovers."""
        found = []
        for path in self.folder.glob("*/*"):
            with contextlib.suppress(OSError):
                facts = path.stat()
                if path.name.endswith(PARTIAL):
                    if time.time() - facts.st_mtime > _ABANDONED_SECONDS:
                        path.unlink()
                    continue
                found.append((facts.st_mtime, facts.st_size, path))
        total = sum(size for _, size, _ in found)
        if total <= self.limit:
            return
        for _, size, path in sorted(found):
            with contextlib.suppress(OSError):
                path.unlink()
            total -= size
            if total <= self.limit * _KEPT:
                return


@cache
def file_cache(folder: Path, limit: int) -> FileCache:
    """The cache of this process in that folder."""
    return FileCache(folder, limit)
