"""Watch over the processes of a worker that run scans: from their parent, which runs none itself and so cannot hang.

A process that hangs takes no task any more, so no task can help when all of them do. Here the parent itself takes scans
back whose heartbeat is dead, and ends a process that goes on with a scan that is no longer its own.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final, NamedTuple

from django.db import connection

from libraries.models import Scan
from libraries.scanner import ScanLimits, reap_stale, worker_name
from navidrome_lib.celery import isolated_jobs
from navidrome_lib.limits import limits_of
from navidrome_lib.outages import outage_of

logger = logging.getLogger(__name__)

SCAN_TASK: Final = "libraries.tasks.scan_library"


class Job(NamedTuple):
    """A delivery that a process of this worker is dealing with."""

    task_id: str
    scan_id: int
    pid: int


def current_jobs() -> list[Job]:
    """The deliveries of scans that the processes of this worker have accepted and not ended."""
    # imported here: only a worker has them
    from celery.worker import state  # noqa: PLC0415

    requests: Iterable[Any] = state.active_requests
    jobs = [Job(f"{job.task} {job.pid}", job.arguments[0], job.pid) for job in isolated_jobs() if job.task == SCAN_TASK]
    for request in list(requests):
        found = request.info()
        # without processes of its own, a worker runs its tasks itself
        if found["name"] == SCAN_TASK and found["worker_pid"] not in (None, os.getpid()):
            jobs.append(Job(found["id"], found["args"][0], found["worker_pid"]))
    return jobs


class Overseer:
    """What one look remembers for the next: how long each process has been at a scan that is not its own."""

    def __init__(
        self,
        jobs: Callable[[], list[Job]] = current_jobs,
        *,
        kill: Callable[[int, int], None] = os.kill,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs = jobs
        self._kill = kill
        self._clock = clock
        self._is_steady = False
        # whether no scan ran anywhere at the last look: nothing can be lost soon
        self.is_idle = False
        self._lost: dict[Job, float] = {}
        self._ended: set[Job] = set()

    def look(self) -> None:
        """Take back the scans whose heartbeat is dead, and end the processes that hang at lost ones."""
        try:
            # behind an outage, every process gets the time until the next look to show that it lives
            if self._is_steady:
                reap_stale()
            held = set(Scan.objects.running().values_list("pk", "worker"))
        except Exception as error:
            self._is_steady, self.is_idle, self._lost = False, False, {}
            if outage_of(error) is None:
                raise
            logger.warning("the scans cannot be looked after: %s", error, exc_info=True)
            return
        finally:
            connection.close()
        self._is_steady, self.is_idle, now = True, not held, self._clock()
        lost = (job for job in self._jobs() if (job.scan_id, worker_name(job.pid)) not in held)
        self._lost = {job: self._lost.get(job, now) for job in lost}
        # celery may take some looks to notice that a process has ended; its number may be that of another one by then
        self._ended &= self._lost.keys()
        for job, since in self._lost.items():
            if now - since >= limits_of(ScanLimits).lost_seconds and job not in self._ended:
                self._end(job)

    def _end(self, job: Job) -> None:
        """End the process of a job, once."""
        self._ended.add(job)
        logger.error("scan %s is no longer run by process %s, which hangs: it is ended", job.scan_id, job.pid)
        with suppress(ProcessLookupError):  # it has ended by itself
            self._kill(job.pid, signal.SIGKILL)


# no process is forked while a look holds locks of the database's library: they would stay locked in it for ever
_looking = threading.Lock()


def start(**_: Any) -> None:
    """Look after the scans of this worker from now on, in a thread of the parent of its processes."""
    os.register_at_fork(before=_looking.acquire, after_in_parent=_looking.release, after_in_child=_looking.release)
    threading.Thread(target=_look_for_ever, name="overseer", daemon=True).start()


def _look_for_ever() -> None:
    overseer = Overseer()
    while True:
        limits = limits_of(ScanLimits)
        time.sleep(limits.idle_look_seconds if overseer.is_idle else limits.look_seconds)
        try:
            with _looking:
                overseer.look()
        except Exception:
            logger.exception("the scans cannot be looked after")
