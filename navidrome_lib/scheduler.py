"""The scheduler of periodic tasks: it goes by the time that passes, and keeps nothing in a file.

Celery's own scheduler writes down when each task last ran, by the clock. When the clock is set back, all of these
times lie in the future, and no task is sent until they come: not after a restart either.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any

from celery.beat import Scheduler, SchedulingError
from django.db import close_old_connections
from django.utils.module_loading import import_string

from navidrome_lib import heartbeat

logger = logging.getLogger(__name__)


class SteadyScheduler(Scheduler):
    """Sends every task once at its start, then at its interval by the monotonic clock.

    What must not run at each start asks the database whether it is due. A task with a question in `asked_before` of the
    configuration is sent only when the answer is yes: where it would find nothing to do, nothing wakes up for it.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self._due: dict[str, float] = {}
        self._beat_at = 0.0
        super().__init__(*args, **options)

    def setup_schedule(self) -> None:
        """Take our own tasks only."""
        self.merge_inplace(self.app.conf.beat_schedule)

    def tick(self, *_: Any, **__: Any) -> float:
        """Send what is due; returns the seconds until more is."""
        for name, entry in self.schedule.items():
            now = time.monotonic()
            if now >= self._due.get(name, now):
                # before the sending, which may fail: then the task is sent again at its interval, not at once
                self._due[name] = now + interval_of(entry)
                if self._is_wanted(name):
                    self.apply_entry(entry, producer=self.producer)
        return max(min(self._due.values()) - time.monotonic(), 0.0)

    def _is_wanted(self, name: str) -> bool:
        question = self.app.conf.asked_before.get(name)
        if question is None:
            return True
        try:
            return bool(import_string(question)())
        except Exception as error:
            # a database that is away: the next time is soon enough, and the scheduler goes on
            logger.warning("whether %s is wanted could not be found out: %s", name, error)
            return False
        finally:
            close_old_connections()

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send one task; without a broker it is sent again at its interval."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as error:
            logger.warning("%s could not be sent: %s", entry.name, error)

    def apply_async(self, entry: Any, *args: Any, **options: Any) -> Any:
        """Hand one task to the broker, and now and then note there that tasks are being sent."""
        sent = super().apply_async(entry, *args, **options)
        now = time.monotonic()
        if now >= self._beat_at:
            self._beat_at = now + heartbeat.BEAT_SECONDS
            heartbeat.note("scheduler")
        return sent


def interval_of(entry: Any) -> float:
    """Seconds between two runs of a task."""
    every: timedelta = entry.schedule.run_every
    return every.total_seconds()
