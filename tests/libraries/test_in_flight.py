"""How many operations may be in flight, on models of storage whose answers take a known time."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from libraries.in_flight import InFlight

OPERATIONS = 3000
MILLISECOND = 0.001

# the seconds of an operation, and how many of them it waits, with so many under way
Storage = Callable[[int], tuple[float, float]]


def remote(in_flight: int) -> tuple[float, float]:
    """A server across a network: it answers after the same time, however many wait."""
    return 10 * MILLISECOND, 9.9 * MILLISECOND


def one_arm(in_flight: int) -> tuple[float, float]:
    """A disk that serves one after the other."""
    seconds = in_flight * 8 * MILLISECOND
    return seconds, seconds - 0.1 * MILLISECOND


def memory(in_flight: int) -> tuple[float, float]:
    """A disk whose blocks are in memory; a program in threads runs one of them at a time."""
    seconds = in_flight * 0.08 * MILLISECOND
    return seconds, seconds - 0.08 * MILLISECOND


def eight_at_once(in_flight: int) -> tuple[float, float]:
    """Storage that serves eight at the same time."""
    seconds = max(1, in_flight / 8) * 5 * MILLISECOND
    return seconds, seconds - 0.1 * MILLISECOND


def busy(in_flight: int) -> tuple[float, float]:
    """A server that answers at once, for a program that has two milliseconds of work with each answer."""
    seconds = max(3, 2 * in_flight) * MILLISECOND
    return seconds, seconds - 2 * MILLISECOND


def limits(storage: Storage, most: int = 64, *, unsteady: float = 0.0, operations: int = OPERATIONS) -> list[int]:
    """The limit at each operation, all of which find enough to do; some take `unsteady` seconds more or less."""
    dice = random.Random(1)
    flights = InFlight(most)
    found = []
    for _ in range(operations):
        seconds, waited = storage(flights.limit)
        more = dice.uniform(0, unsteady) if dice.random() < 0.3 else 0.0
        flights.add(seconds + more, waited + more, flights.limit)
        found.append(flights.limit)
    return found


def usual(found: list[int]) -> float:
    """The mean limit once it has settled."""
    settled = found[len(found) // 3 :]
    return sum(settled) / len(settled)


@pytest.mark.parametrize(
    ("storage", "least", "most"),
    [(remote, 48, 64), (one_arm, 1, 2), (eight_at_once, 6, 16), (busy, 1, 2)],
)
@pytest.mark.parametrize("unsteady", [0.0, 0.02])
def test_as_many_as_make_it_faster(storage: Storage, least: float, most: float, unsteady: float) -> None:
    assert least <= usual(limits(storage, unsteady=unsteady)) <= most


def test_memory_needs_no_threads() -> None:
    assert set(limits(memory)) == {1}


def test_network_storage_is_known_after_a_few_operations() -> None:
    found = limits(remote, operations=200)
    assert found.index(32) < 3
    assert found.index(64) < 50


def test_no_more_are_tried_at_first_than_the_processor_has_time_for() -> None:
    assert max(limits(busy, operations=20)) == 8
    assert max(limits(lambda _: (10 * MILLISECOND, 9.4 * MILLISECOND), operations=3)) == 16


def test_what_was_too_many_at_first_is_tried_with_fewer_later() -> None:
    def two_at_once(in_flight: int) -> tuple[float, float]:
        seconds = max(1, in_flight / 2.5) * 10 * MILLISECOND
        return seconds, seconds - 0.1 * MILLISECOND

    found = limits(two_at_once)
    assert found.index(32) < found.index(8)
    assert 2 <= usual(found) <= 8


def test_never_more_than_allowed() -> None:
    assert max(limits(remote, 1)) == 1
    assert max(limits(remote, 7)) == 7
    flights = InFlight(64, least=64)
    flights.bound(5)
    assert (flights.limit, flights.most) == (5, 5)
    flights.bound(0)
    assert flights.limit == 1
    flights.bound(9, least=3)
    assert flights.limit == 3


def test_never_fewer_than_wanted() -> None:
    flights = InFlight(8, least=4)
    for _ in range(OPERATIONS):
        flights.add(*one_arm(flights.limit), flights.limit)
        assert 4 <= flights.limit <= 8


def test_storage_that_grows_slow_is_found_out() -> None:
    """A disk in sleep, or a cache that ends: what waited for nothing at first gets threads later."""
    flights = InFlight(64)
    for storage in [memory] * 500 + [remote] * 200:
        flights.add(*storage(flights.limit), flights.limit)
    assert flights.limit > 8


def test_storage_that_is_in_memory_now_needs_no_threads() -> None:
    flights = InFlight(64)
    for storage in [remote] * 300 + [lambda _: (0.0001, 0.0)] * 100:
        flights.add(*storage(flights.limit), flights.limit)
    assert flights.limit == 1


def test_operations_that_had_no_company_say_nothing_of_a_limit() -> None:
    flights = InFlight(64, least=32)
    flights.bound(64)
    for _ in range(500):
        flights.add(*remote(2), 2)
    assert flights.limit == 32


def test_other_work_of_the_machine_starts_no_threads() -> None:
    """Now and then something else has the processor for some milliseconds."""
    flights = InFlight(64)
    for number in range(OPERATIONS):
        waited = 4 * MILLISECOND if number % 10 == 0 else 0.0
        flights.add(0.1 * MILLISECOND + waited, waited, 1)
        assert flights.limit == 1
