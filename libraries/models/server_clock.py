"""The time that the server has lived through, and whether its clock can be trusted."""

from __future__ import annotations

from django.db import models


class ServerClock(models.Model):
    """One row. What expires counts `lived_seconds`, which a clock that jumps does not move; see `libraries.clock`."""

    lived_seconds = models.FloatField(default=0)
    # the last reading: the clock on the wall, and the seconds since the machine was booted, with the name of that boot
    wall_at = models.DateTimeField()
    boot = models.CharField(max_length=64, default="")
    boot_seconds = models.FloatField(default=0)
    # the last jump of the clock, until it has been steady for a while: when it was noticed, how far it went (negative:
    # back), and the lived seconds at that moment
    jumped_at = models.DateTimeField(null=True)
    jump_seconds = models.FloatField(default=0)
    jump_lived_seconds = models.FloatField(default=0)

    def __str__(self) -> str:
        return f"{self.lived_seconds:.0f} s lived until {self.wall_at:%Y-%m-%d %H:%M}"
