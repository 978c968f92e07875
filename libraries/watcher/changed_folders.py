"""The folders in which something changed, until they have come to rest."""

from __future__ import annotations

import threading
from collections.abc import Iterable

# a folder that never rests is scanned all the same after this multiple of the settle time
PATIENCE = 12


class ChangedFolders:
    """Folders by the times of their first and last change. Changes come from one thread and are taken by another."""

    def __init__(self, settle: float) -> None:
        self._settle = settle
        self._lock = threading.Lock()
        self._times: dict[bytes, tuple[float, float]] = {}

    def add(self, folder: bytes, now: float) -> None:
        """Something changed in `folder` now."""
        with self._lock:
            first, last = self._times.get(folder, (now, now))
            self._times[folder] = (first, max(last, now))

    def settled(self, now: float) -> list[bytes]:
        """Take out the folders that have come to rest; each is told once."""
        with self._lock:
            done = [
                folder
                for folder, (first, last) in self._times.items()
                if now - last >= self._settle or now - first >= self._settle * PATIENCE
            ]
            for folder in done:
                del self._times[folder]
        return sorted(done)

    def put_back(self, folders: Iterable[bytes], now: float) -> None:
        """What was taken out could not be scanned: try again later."""
        for folder in folders:
            self.add(folder, now)

    def clear(self) -> None:
        with self._lock:
            self._times.clear()
