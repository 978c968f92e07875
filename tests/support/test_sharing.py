"""What runs on several databases share out: each case is somebody's, and a run alone takes all."""

from __future__ import annotations

import pytest

from tests.support.sharing import THOROUGH, Share

CASES = range(7)


@pytest.mark.parametrize("runs", [1, 2, 3])
def test_each_case_is_taken_once(runs: int) -> None:
    taken = [case for own in range(1, runs + 1) for case in Share(own, runs).of(CASES)]
    assert sorted(taken) == sorted(list(CASES) * (runs if THOROUGH else 1))


def test_a_run_alone_takes_all() -> None:
    assert Share().of(CASES) == list(CASES)
