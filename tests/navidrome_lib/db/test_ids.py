"""Ids: unique, of one length, and in the order of time."""

from __future__ import annotations

from datetime import UTC, datetime

from navidrome_lib.db.ids import ALPHABET, LENGTH, first_id, new_id, new_ids


def _number(text: str) -> int:
    """The base-62 number that a text writes, digit by digit."""
    value = 0
    for character in text:
        value = value * len(ALPHABET) + ALPHABET.index(character)
    return value


def test_many_ids_are_distinct_ascending_and_of_one_shape() -> None:
    ids = new_ids(5000)
    assert len(set(ids)) == 5000
    assert ids == sorted(ids)
    assert {len(text) for text in ids} == {LENGTH}
    assert set("".join(text[9:] for text in ids)) == set(ALPHABET)


def test_an_id_carries_its_millisecond() -> None:
    before = datetime.now(UTC)
    text = new_id()
    after = datetime.now(UTC)
    assert int(before.timestamp() * 1000) <= _number(text[:9]) <= int(after.timestamp() * 1000)


def test_the_first_id_of_a_moment_is_the_least() -> None:
    for year in (1971, 2026, 2200, 8000):
        moment = datetime(year, 3, 4, 5, 6, 7, tzinfo=UTC)
        assert _number(first_id(moment)[:9]) == int(moment.timestamp()) * 1000
        assert first_id(moment)[9:] == "0" * 13
    assert first_id(datetime.now(UTC)) <= new_id()


def test_no_ids_are_an_empty_list() -> None:
    assert new_ids(0) == []
