"""What runs on several databases at the same time share out among them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

THOROUGH: Final = os.environ.get("ND_HAZARDS", "") == "thorough"

# once, so that no run takes another half at midnight
DAY: Final = date.today().toordinal()

Case = TypeVar("Case")


@dataclass(frozen=True)
class Share:
    """The place of a run among several: the first (1) of two, say."""

    own: int = 1
    runs: int = 1

    def of(self, cases: Iterable[Case]) -> list[Case]:
        """Return the cases of this run: every n-th, other ones each day; all in a thorough run, or in the only run."""
        found = list(cases)
        return found if THOROUGH else found[(self.own + DAY) % self.runs :: self.runs]
