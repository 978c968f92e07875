"""Errors that pass by themselves: a full disk, a database or a broker that is away. Each is one sentence for a person.

Known by what the drivers say, so that nothing here loads a driver that the process does not use.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from django.db import DatabaseError, InterfaceError, OperationalError

from navidrome_lib.errors import Unavailable

RETRY_SECONDS: Final = 10


class Outage(NamedTuple):
    """What cannot be used now."""

    sentence: str
    # seconds after which trying again makes sense
    retry_after: int = RETRY_SECONDS

    def unavailable(self) -> Unavailable:
        """The same as a refusal."""
        return Unavailable(self.sentence, retry_after=self.retry_after)


DATABASE_AWAY: Final = Outage("The database does not answer.")
DATABASE_FULL: Final = Outage("The disk of the database is full. Free some space; the server then continues by itself.")
DISK_FULL: Final = Outage("The disk of the server is full. Free some space; the server then continues by itself.")
READ_ONLY: Final = Outage("The database cannot be written to: its disk or its file is read-only.")
DISK_READ_ONLY: Final = Outage("The disk of the server is read-only.")
UNREADABLE: Final = Outage("The file of the database cannot be opened.")
DISK_ERROR: Final = Outage("The disk of the database reports an error.")
NO_MEMORY: Final = Outage("The database has no memory left.")
NO_CONNECTION: Final = Outage("The database accepts no more connections.")
BUSY: Final = Outage("The database is busy. Try again.", retry_after=1)
BROKER_AWAY: Final = Outage("The message broker does not answer.")
BROKER_FULL: Final = Outage("The message broker cannot store more messages: its disk or its memory is full.")

# SQLite's primary result codes
_SQLITE: Final = {5: BUSY, 6: BUSY, 8: READ_ONLY, 10: DISK_ERROR, 13: DATABASE_FULL, 14: UNREADABLE, 15: BUSY}
# PostgreSQL's error codes, and their classes
_POSTGRES: Final = {
    "25006": READ_ONLY, "40001": BUSY, "40P01": BUSY, "53100": DATABASE_FULL, "53200": NO_MEMORY,
    "53300": NO_CONNECTION, "55P03": BUSY, "57P01": DATABASE_AWAY, "57P02": DATABASE_AWAY, "57P03": DATABASE_AWAY,
    "57P05": DATABASE_AWAY, "58030": DISK_ERROR, "08": DATABASE_AWAY,
}  # fmt: skip
_SYSTEM: Final = {errno.ENOSPC: DISK_FULL, errno.EDQUOT: DISK_FULL, errno.EROFS: DISK_READ_ONLY}
_BROKER: Final = {"ConnectionError", "TimeoutError", "OperationalError", "ReadOnlyError", "MasterDownError"}


def outage_of(error: BaseException | None) -> Outage | None:
    """What is away or full when `error`, or what caused it, says so; None for any other error, such as a bug."""
    for each in _causes(error):
        found = _of_database(each) or _of_broker(each) or _of_system(each)
        if found is not None:
            return found
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(8):
        if error is None:
            return
        yield error
        # the scheduler's error hides that of the broker
        hidden = error.__context__ if type(error).__name__ == "SchedulingError" else None
        error = error.__cause__ or hidden


def _of_database(error: BaseException) -> Outage | None:
    if not isinstance(error, (DatabaseError, InterfaceError)):
        return None
    driver: Any = error.__cause__
    code = getattr(driver, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE.get(code & 0xFF)
    state = getattr(driver, "sqlstate", None)
    if state is not None:
        return _POSTGRES.get(state) or _POSTGRES.get(state[:2])
    # a connection that failed has no code; a statement that the driver itself refuses has none either
    is_connection = isinstance(error, (OperationalError, InterfaceError)) and "number of parameters" not in str(error)
    return DATABASE_AWAY if is_connection else None


def _of_broker(error: BaseException) -> Outage | None:
    kinds = {
        kind.__name__ for kind in type(error).__mro__ if kind.__module__ in ("redis.exceptions", "kombu.exceptions")
    }
    if kinds & _BROKER:
        return BROKER_AWAY
    # of a command in a pipeline the driver tells the whole command first
    answer = str(error).rpartition(" of pipeline caused error: ")[2]
    return BROKER_FULL if "ResponseError" in kinds and answer.startswith(("MISCONF", "OOM")) else None


def _of_system(error: BaseException) -> Outage | None:
    if not isinstance(error, OSError):
        return None
    if isinstance(error, FileNotFoundError) and "No usable temporary directory" in str(error):
        return DISK_FULL
    return _SYSTEM.get(error.errno or 0)


class OneLine(logging.Filter):
    """An outage is one line of the log, with its sentence: a traceback would say nothing more.

    Also when another library logs it, such as the task queue that has lost its broker.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        outage = outage_of(error)
        if outage is not None:
            said = record.getMessage().replace(repr(error), "").replace(str(error), "").strip().partition("\n")[0]
            record.msg, record.args = "%s: %s", (said.rstrip(" :"), outage.sentence)
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True
