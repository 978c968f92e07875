"""The keys of this app: files in the data folder, one key a line, the newest first."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from django.conf import settings

from navidrome_lib.config.private import read_key
from navidrome_lib.config.secrets import read_or_create
from users.encryption import make_key


class KeyFile:
    """Keys for one purpose. A file that another process replaced is read again at the next use."""

    def __init__(self, name: str, make: Callable[[], str]) -> None:
        self.name = name
        self.make = make
        self._known: tuple[tuple[object, ...], tuple[str, ...]] = ((), ())

    @property
    def path(self) -> Path:
        folder: Path = settings.CONF.data_folder
        return folder / self.name

    def read(self) -> tuple[str, ...]:
        """All keys that are still honoured; the first is the one to use."""
        # every request looks here: one question to the system, and no new path
        folder = settings.CONF.data_folder
        try:
            found = os.stat(f"{folder}/{self.name}")
        except FileNotFoundError:
            read_or_create(self.path, self.make)
            found = self.path.stat()
        stamp = (folder, found.st_mtime_ns, found.st_ino, found.st_size)
        known, keys = self._known
        if stamp != known:
            keys = tuple(read_key(self.path).split())
            self._known = stamp, keys
        return keys

    def replace(self, keys: Sequence[str]) -> None:
        """Write `keys` in one step; a reader sees the old file or the new one."""
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write("\n".join(keys))
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, self.path)


jwt_keys = KeyFile("jwt_key", lambda: secrets.token_urlsafe(48))
subsonic_keys = KeyFile("subsonic_key", make_key)
