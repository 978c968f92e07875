"""The counters of a scan: one outcome for each file, and a sum that is always what was seen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from libraries.models import Scan
from libraries.scanner.counters import Counters

OUTCOMES = ("unchanged", "added", "updated", "restored", "failed")
COUNTS = st.integers(0, 1000)


@given(st.lists(st.tuples(st.sampled_from(OUTCOMES), COUNTS)), COUNTS, COUNTS)
def test_what_was_seen_is_the_sum_of_all_outcomes(steps: list[tuple[str, int]], near: int, far: int) -> None:
    counters = Counters()
    expected = dict.fromkeys(OUTCOMES, 0)
    for outcome, files in steps:
        getattr(counters, f"count_{outcome}")(files)
        expected[outcome] += files
    counters.count_missing(7)
    assert {name: getattr(counters, name) for name in OUTCOMES} == expected
    assert counters.seen == counters.met == sum(expected.values())
    before = counters.seen
    # files that were counted as new turn out to be moved tracks: no file more was seen
    counters.count_added(near)
    counters.count_moved(near + far, added=near, elsewhere=far)
    assert counters.seen == before + near + far
    assert counters.met == before + near


def test_the_columns_are_those_of_a_scan_and_add_up() -> None:
    counters = Counters()
    counters.count_folder()
    for number, outcome in enumerate(OUTCOMES, 1):
        getattr(counters, f"count_{outcome}")(number)
    counters.count_moved(3, added=1, elsewhere=2)
    columns = counters.columns()
    assert set(columns) <= {field.name for field in Scan._meta.get_fields()}
    assert columns["seen"] == sum(
        columns[name] for name in ("skipped", "added", "updated", "moved", "restored", "failed")
    )
    assert (columns["folder_count"], columns["seen"]) == (1, 17)
