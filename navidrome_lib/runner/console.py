"""What a person sees: one line at a time, each with the name of the service that said it."""

from __future__ import annotations

import contextlib
import errno
import logging
import sys
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path

from navidrome_lib.controls import escape_controls

NAME_WIDTH = 7
LOG_BYTES = 5_000_000
LOG_FILES = 4
_FULL = (errno.ENOSPC, errno.EDQUOT)


class LogFile(RotatingFileHandler):
    """A log whose disk may be full: lines are lost then, and nothing else."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Be silent about the disk; `health` tells of it."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


class Console:
    """Writes whole lines to the standard output, and to `server.log` in a folder once `keep_in` was called."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown = True
        self._log: RotatingFileHandler | None = None

    def keep_in(self, folder: Path) -> None:
        """Also write every line to a log file of bounded size in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        handler = LogFile(folder / "server.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        self._log = handler

    def close(self) -> None:
        """Close the log file."""
        if self._log is not None:
            with contextlib.suppress(OSError):  # what a full disk did not take
                self._log.close()
            self._log = None

    def say(self, text: str) -> None:
        """Our own words, without a name in front."""
        self._write(text)

    def service(self, name: str, line: str) -> None:
        """One line of a service."""
        self._write(f"{name:<{NAME_WIDTH}} | {escape_controls(line)}")

    def _write(self, text: str) -> None:
        with self._lock:
            if self._shown:
                try:
                    sys.stdout.write(text + "\n")
                    sys.stdout.flush()
                except (OSError, ValueError) as error:
                    # the reader of our output is gone, and the server goes on; on a full disk only this line is lost
                    self._shown = getattr(error, "errno", None) in _FULL
            if self._log is not None:
                self._log.emit(logging.LogRecord("server", logging.INFO, "", 0, "%s", (text,), None))
