"""The connection to SQLite of one thread, which may outlive its request.

To open one takes as long as a small request: it reads the schema, and sets what holds for this connection only.
"""

from __future__ import annotations

import os
import sqlite3
import weakref
from contextlib import suppress
from typing import Any, Final

from django.db import connections
from django.db.backends.sqlite3 import base

# not for ever: what ANALYZE finds out is read by new connections only
KEPT_SECONDS: Final = 60
# of processes that this one was forked from: SQLite must not close them here, so nothing may let go of them
_inherited: Final[list[Any]] = []
_open: Final[weakref.WeakSet[DatabaseWrapper]] = weakref.WeakSet()


class DatabaseWrapper(base.DatabaseWrapper):
    """Opens a new connection when the kept one failed, is of another process, or of a file that was replaced.

    What a kept connection has read goes out of memory with the end of each request: there is one for each thread.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._process = 0
        self._file: tuple[int, int] | None = None
        # whether anything was asked of it since it was looked after
        self._used = False

    def get_new_connection(self, conn_params: Any) -> Any:
        connection = super().get_new_connection(conn_params)
        self._process, self._file = os.getpid(), self._file_now()
        _open.add(self)
        return connection

    def ensure_connection(self) -> None:
        self._used = True
        super().ensure_connection()

    def close_if_unusable_or_obsolete(self) -> None:
        """Called before and after each request and task."""
        if self.connection is not None and self._process != os.getpid():
            _inherited.append(self.connection)
            self.connection = None
        # to look after it is no use of it
        was_used = self._used
        # a new connection is the safest answer to an error
        if self.connection is not None and (self.errors_occurred or self._file != self._file_now()):
            self.close()
        super().close_if_unusable_or_obsolete()
        self._used = False
        # before a request there is nothing to let go
        if self.connection is not None and was_used:
            self.connection.execute("PRAGMA shrink_memory")

    def close_at_exit(self) -> None:
        """Close from any thread, when the one that it belongs to asks no more."""
        connection, self.connection = self.connection, None
        if connection is not None and self._process == os.getpid():
            connection.close()

    def _file_now(self) -> tuple[int, int] | None:
        """Which file has the name of the database; None without one, as in memory."""
        try:
            found = os.stat(self.settings_dict["NAME"])
        except OSError:
            return None
        return found.st_dev, found.st_ino


def keep_connections() -> None:
    """From now on, keep connections from request to request: for a process whose threads live as long as itself."""
    for alias in connections:
        if connections[alias].vendor == "sqlite":
            connections.settings[alias]["CONN_MAX_AGE"] = KEPT_SECONDS


def close_kept() -> None:
    """Close what all threads keep, at the end of the process.

    The last one to close brings everything into the file of the database, so that a copy of it alone is whole.
    """
    for wrapper in list(_open):
        with suppress(sqlite3.Error):
            wrapper.close_at_exit()
