"""A machine whose clock a test sets, and a server that lives on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db.models import F

from libraries.clock import ClockReading
from libraries.models import ServerClock

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Machine:
    """The clock on the wall and that of the boot."""

    wall: datetime = START
    boot: str = "boot"
    up: timedelta = field(default_factory=timedelta)

    def read(self) -> ClockReading:
        return ClockReading(self.wall, self.boot, self.up.total_seconds())

    def run(self, time: timedelta) -> ClockReading:
        """Time passes."""
        self.wall += time
        self.up += time
        return self.read()

    def set_clock(self, by: timedelta) -> ClockReading:
        """The clock on the wall is set ahead, or back."""
        self.wall += by
        return self.read()

    def switch_off(self, time: timedelta) -> ClockReading:
        """It is switched off for a while."""
        self.wall += time
        self.boot += "+"
        self.up = timedelta()
        return self.read()


def live(time: timedelta) -> None:
    """Let the server have lived for a while longer; a step counts an hour, and tests have no time for thousands."""
    ServerClock.objects.update(lived_seconds=F("lived_seconds") + time.total_seconds())
