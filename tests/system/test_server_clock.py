"""The time that the server lives through, whatever its clock says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from libraries import clock
from libraries.models import ServerClock
from tests.support.clocks import DAY, HOUR, START, Machine

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


@pytest.fixture
def machine() -> Machine:
    """A machine on which the server has just taken its first step."""
    machine = Machine()
    assert clock.advance(machine.read()).lived_seconds == 0
    return machine


def hours() -> float:
    return ServerClock.objects.get().lived_seconds / 3600


def test_time_is_counted_in_steps_of_an_hour_at_most(machine: Machine) -> None:
    for step, expected in ((HOUR / 4, 0.25), (HOUR, 1.25), (12 * HOUR, 2.25), (timedelta(), 2.25)):
        clock.advance(machine.run(step))
        assert hours() == pytest.approx(expected)
    assert clock.current_jump(machine.read()) is None


def test_time_switched_off_is_not_counted_and_no_jump(machine: Machine) -> None:
    clock.advance(machine.switch_off(9 * DAY))
    assert hours() <= 1
    assert clock.current_jump(machine.read()) is None
    clock.advance(machine.switch_off(-20 * SECOND))  # a machine that was restarted at once, and its clock is a bit slow
    assert hours() <= 1
    assert clock.current_jump(machine.read()) is None


@pytest.mark.parametrize("days", [365, 1.1, -1.1, -365])
def test_a_jump_counts_nothing_and_lasts_until_the_clock_was_steady_for_an_hour(machine: Machine, days: float) -> None:
    clock.advance(machine.run(HOUR))
    machine.set_clock(days * DAY)
    # seen at once by whoever asks, before any step was taken
    assert clock.current_jump(machine.run(SECOND)) == pytest.approx(days * DAY, abs=SECOND)
    assert clock.advance(machine.read()).jumped_at == machine.wall
    assert hours() == pytest.approx(1)
    for minutes, jumps in ((20, True), (20, True), (20, False)):
        found = clock.advance(machine.run(timedelta(minutes=minutes)))
        assert (found.jumped_at is not None, clock.current_jump(machine.read()) is not None) == (jumps, jumps)
    assert hours() == pytest.approx(2)


@pytest.mark.parametrize("by", [23 * HOUR, -23 * HOUR, timedelta(seconds=2), timedelta(seconds=-2)])
def test_a_smaller_change_is_none_and_never_counts_more_than_what_passed(machine: Machine, by: timedelta) -> None:
    machine.set_clock(by)
    found = clock.advance(machine.run(HOUR / 2))
    assert found.jumped_at is None
    assert hours() == pytest.approx(max(min(0.5, 0.5 + by / HOUR), 0))


def test_a_clock_that_starts_in_the_past_jumps_twice(machine: Machine) -> None:
    """A board without a battery: the clock stands at 1970 until the network tells the time."""
    clock.advance(machine.run(HOUR))
    machine.switch_off(HOUR)
    gap = machine.wall - START.replace(year=1970)
    assert clock.advance(machine.set_clock(-gap)).jumped_at is not None
    found = clock.advance(machine.set_clock(gap))
    assert (found.jump_seconds > 0, found.jumped_at) == (True, machine.wall)
    assert hours() == pytest.approx(1)
    clock.advance(machine.run(HOUR))
    assert clock.current_jump(machine.read()) is None


def test_a_year_ahead_for_a_moment_between_two_steps_leaves_nothing(machine: Machine) -> None:
    machine.set_clock(365 * DAY)
    machine.run(45 * SECOND)
    machine.set_clock(-365 * DAY)
    assert clock.advance(machine.run(HOUR / 2)).jumped_at is None
    assert hours() == pytest.approx(0.5, abs=0.02)


def test_the_clocks_of_this_machine_can_be_read() -> None:
    first, second = clock.read(), clock.read()
    assert first.boot == second.boot
    assert timedelta() <= timedelta(seconds=second.boot_seconds - first.boot_seconds) < HOUR
    clock.advance()
    assert clock.advance().lived_seconds < 60
    assert ServerClock.objects.count() == 1
