"""Time for what expires: counted in steps while the server lives, so that a clock that jumps makes nothing older.

A step adds what both clocks agree on, the one on the wall and the one that counts since the boot, and an hour at
most: time in which the server was switched off does not count. A step in which the two differ by more than a day
counts nothing and is kept as a jump; until the clock has been steady for an hour, nothing expires.
"""

from __future__ import annotations

import os
import socket
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from django.db import transaction
from django.utils import timezone

from libraries.models import ServerClock

# the tasks that let things expire take a step each, once an hour
LONGEST_STEP: Final = timedelta(hours=1)
JUMP: Final = timedelta(days=1)
# an hour, but for the little by which two runs of an hourly task may come closer
STEADY: Final = timedelta(minutes=55)
# the clocks of machines that work together may differ by so much
SKEW: Final = timedelta(minutes=2)

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class ClockReading(NamedTuple):
    """Both clocks at one moment. `boot` names what the seconds count from; they can only be compared within it."""

    wall: datetime
    boot: str
    boot_seconds: float


def read() -> ClockReading:
    """Read both clocks now."""
    boot_clock = getattr(time, "CLOCK_BOOTTIME", None)
    try:
        boot = _BOOT_ID.read_text(encoding="ascii").strip()[:64]
    except (OSError, ValueError):
        boot = ""
    if boot and boot_clock is not None:
        return ClockReading(timezone.now(), boot, time.clock_gettime(boot_clock))
    # elsewhere the monotonic clock may differ from process to process
    return ClockReading(timezone.now(), f"{socket.gethostname()[:40]}:{os.getpid()}", time.monotonic())


def advance(reading: ClockReading | None = None) -> ServerClock:
    """Take a step: count the time since the last one, and notice a jump. Returns the clock as it is now."""
    reading = reading or read()
    with transaction.atomic():
        first = {"wall_at": reading.wall, "boot": reading.boot, "boot_seconds": reading.boot_seconds}
        ServerClock.objects.get_or_create(pk=1, defaults=first)
        clock = ServerClock.objects.select_for_update().get(pk=1)
        jump = find_jump(clock, reading)
        if jump is not None:
            clock.jumped_at, clock.jump_seconds = reading.wall, jump.total_seconds()
            clock.jump_lived_seconds = clock.lived_seconds
        else:
            clock.lived_seconds += elapsed(clock, reading).total_seconds()
            if clock.lived_seconds - clock.jump_lived_seconds >= STEADY.total_seconds():
                clock.jumped_at = None
        clock.wall_at, clock.boot, clock.boot_seconds = reading
        clock.save()
    return clock


def since_boot(clock: ServerClock, reading: ClockReading) -> timedelta | None:
    """The time since the last step by the clock of the boot; None when there was another boot in between."""
    seconds = reading.boot_seconds - clock.boot_seconds
    return timedelta(seconds=seconds) if clock.boot == reading.boot and seconds >= 0 else None


def find_jump(clock: ServerClock, reading: ClockReading) -> timedelta | None:
    """How far the clock on the wall has jumped since the last step; None when by no more than a day.

    Over a boot a leap ahead is no jump: the server may have been switched off for as long. It is not counted either.
    """
    by_wall, by_boot = reading.wall - clock.wall_at, since_boot(clock, reading)
    moved = min(by_wall, timedelta()) if by_boot is None else by_wall - by_boot
    return moved if abs(moved) > JUMP else None


def elapsed(clock: ServerClock, reading: ClockReading) -> timedelta:
    """The time that a step counts."""
    by_wall, by_boot = reading.wall - clock.wall_at, since_boot(clock, reading)
    return max(min(by_wall, by_boot if by_boot is not None else by_wall, LONGEST_STEP), timedelta())


def current_jump(reading: ClockReading | None = None) -> timedelta | None:
    """How far the clock has jumped lately, noticed by a step or not yet; None while it is steady."""
    clock = ServerClock.objects.filter(pk=1).first()
    if clock is None:
        return None
    unnoticed = find_jump(clock, reading or read())
    if unnoticed is not None or clock.jumped_at is None:
        return unnoticed
    return timedelta(seconds=clock.jump_seconds)
