"""What runs on several databases at the same time share out among them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

import pytest

THOROUGH: Final = os.environ.get("ND_HAZARDS", "") == "thorough"

# once, so that no run takes another half at midnight
DAY: Final = date.today().toordinal()

PARTS: Final = ("all", "database", "servers", "rest")
DATABASE_FIXTURES: Final = frozenset({"db", "transactional_db", "live_server", "django_db_setup"})

Case = TypeVar("Case")


@dataclass(frozen=True)
class Share:
    """The place of a run among several: the first (1) of two, say."""

    own: int = 1
    runs: int = 1

    def of(self, cases: Iterable[Case]) -> list[Case]:
        """Return the cases of this run, other ones each day; all in a thorough run, or in the only run.

        The runs take turns, and the first one, whose database is the quickest, takes one more in each three.
        """
        if THOROUGH or self.runs == 1:
            return list(cases)
        turns = [*range(1, self.runs + 1)] * 3 + [1]
        return [case for number, case in enumerate(cases, DAY) if turns[number % len(turns)] == self.own]


def chosen_tests(items: Iterable[pytest.Item], part: str, share: Share) -> list[pytest.Item]:
    """Return the tests of a part (see `part_of`), or all; of those marked `alike`, a share."""
    chosen = [item for item in items if part in ("all", part_of(item))]
    alike = set(share.of(item for item in chosen if is_alike(item)))
    return [item for item in chosen if item in alike or not is_alike(item)]


def part_of(item: pytest.Item) -> str:
    """Return the part: what touches the database, what starts whole servers and mostly waits for them, or the rest."""
    if touches_database(item):
        return "database"
    return "servers" if item.get_closest_marker("servers") else "rest"


def is_alike(item: pytest.Item) -> bool:
    return touches_database(item) and item.get_closest_marker("alike") is not None


def touches_database(item: pytest.Item) -> bool:
    """Marked so, or asking for a fixture that leads to the database; a browser shows the same from either of them."""
    if item.get_closest_marker("browser"):
        return False
    marked = any(item.get_closest_marker(name) for name in ("django_db", "database"))
    return marked or bool(DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())))
