"""Two sessions of the database that wait for each other before each of their commits."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from navidrome_lib.errors import DomainError

# SQLite has one writer: the other session cannot come to its own commit, and is not waited for long
_LIMIT_SECONDS: Final = {"postgresql": 2.0, "sqlite": 0.02}
_POLL_SECONDS: Final = 0.003
_WRITES: Final = ("INSERT", "UPDATE", "DELETE")


@dataclass
class Outcome:
    """What came of one session: its value, or a refusal, or (with its traceback) an error that nobody may see."""

    value: Any = None
    refusal: DomainError | None = None
    error: str = ""


class Meeting:
    """Lets two sessions commit at the same moment, unless one of them waits for a lock of the other."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._pids: dict[int, int] = {}
        self._waiting = 0
        self._left = 0
        self._round = 0

    def enter(self) -> None:
        """Tell the other session how the database calls this one, and begin with it."""
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT pg_backend_pid()")
                self._pids[threading.get_ident()] = cursor.fetchone()[0]
        self.wait()

    def wait(self) -> None:
        """Return when the other session is here too, has ended, or cannot come."""
        end = time.monotonic() + _LIMIT_SECONDS[connection.vendor]
        with self._condition:
            self._waiting += 1
            here = self._round
            if self._waiting + self._left == 2:
                self._open()
            while self._round == here:
                self._condition.wait(_POLL_SECONDS)
                if self._round == here and (time.monotonic() > end or self._other_is_blocked()):
                    self._waiting -= 1
                    return

    def leave(self) -> None:
        """Nobody waits for this session any more."""
        with self._condition:
            self._left += 1
            if self._waiting:
                self._open()

    def _open(self) -> None:
        self._waiting = 0
        self._round += 1
        self._condition.notify_all()

    def _other_is_blocked(self) -> bool:
        """Whether the other session waits for a lock; asked with the connection of the session that asks."""
        if connection.vendor != "postgresql":
            return False
        others = [pid for thread, pid in self._pids.items() if thread != threading.get_ident()]
        raw: Any = connection.connection
        with raw.cursor() as cursor:
            return any(cursor.execute("SELECT pg_blocking_pids(%s)", [pid]).fetchone()[0] for pid in others)


class Sessions:
    """Two threads, each with a connection of its own that it keeps."""

    def __init__(self) -> None:
        self._threads = [ThreadPoolExecutor(1) for _ in range(2)]

    def interleave(self, first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Outcome, Outcome]:
        """Run both at once; before each commit they wait for each other."""
        meeting = Meeting()
        one, two = (
            thread.submit(_run, work, meeting) for thread, work in zip(self._threads, (first, second), strict=True)
        )
        return one.result(), two.result()

    def close(self) -> None:
        for thread in self._threads:
            thread.submit(lambda: connection.close()).result()
            thread.shutdown()


def _run(work: Callable[[], Any], meeting: Meeting) -> Outcome:
    try:
        meeting.enter()
        with _meets(meeting):
            return Outcome(value=work())
    except DomainError as refusal:
        return Outcome(refusal=refusal)
    except BaseException:
        connection.close()
        return Outcome(error=traceback.format_exc())
    finally:
        meeting.leave()


@contextmanager
def _meets(meeting: Meeting) -> Iterator[None]:
    """Wait at `meeting` before each commit of this thread's connection."""
    backend: Any = connection
    commit = backend.commit

    def committing() -> None:
        meeting.wait()
        commit()

    def execute(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not connection.in_atomic_block and sql.lstrip().startswith(_WRITES):
            meeting.wait()  # it commits by itself
        return run(sql, params, many, context)

    backend.commit = committing
    try:
        with connection.execute_wrapper(execute):
            yield
    finally:
        del backend.commit
