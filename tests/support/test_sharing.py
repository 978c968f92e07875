"""What runs on several databases share out: each case is somebody's, and a run alone takes all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from devtools.checks import parts_of
from tests.support.sharing import PARTS, THOROUGH, Share, chosen_tests

CASES = range(7)


@pytest.mark.parametrize("runs", [1, 2, 3])
def test_each_case_is_taken_once(runs: int) -> None:
    taken = [case for own in range(1, runs + 1) for case in Share(own, runs).of(CASES)]
    assert sorted(taken) == sorted(list(CASES) * (runs if THOROUGH else 1))


def test_a_run_alone_takes_all() -> None:
    assert Share().of(CASES) == list(CASES)


@dataclass(eq=False)
class Item:
    """What the choice looks at of a test."""

    markers: set[str] = field(default_factory=set)
    fixturenames: list[str] = field(default_factory=list)

    def get_closest_marker(self, name: str) -> str | None:
        return name if name in self.markers else None


def test_every_test_runs_and_on_every_database_unless_it_does_the_same_there() -> None:
    plain: Any = [Item() for _ in range(3)]
    browsing: Any = [Item({"browser", "django_db"}, ["live_server"]) for _ in range(2)]
    asking: Any = [Item({"django_db"}), Item(fixturenames=["tmp_path", "db"]), Item({"database"})]
    alike: Any = [Item({"django_db", "alike"}) for _ in range(5)]
    starting: Any = [Item({"servers"})]
    items: Any = [*plain, *alike, *asking, *starting, *browsing]
    runs = {}
    for name, options in parts_of(["SQLite", "PostgreSQL"]).items():
        share, part = (option.partition("=")[2] for option in options)
        runs[name] = chosen_tests(items, part, Share(*map(int, share.split("/"))))
    first, second, servers, rest = runs.values()
    assert (servers, rest) == (starting, [*plain, *browsing])
    assert [item for item in first if item not in alike] == [item for item in second if item not in alike] == asking
    assert {*first, *second} == {*alike, *asking}
    assert THOROUGH or len(first) + len(second) == 2 * len(asking) + len(alike)
    assert chosen_tests(items, PARTS[0], Share()) == items
