"""Ranges of bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.ranges import ByteRange, NoSuchRange, parse_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-99", ByteRange(0, 100)),
        ("bytes=100-", ByteRange(100, 900)),
        ("bytes=-50", ByteRange(950, 50)),
        ("bytes=-5000", ByteRange(0, 1000)),
        ("bytes=990-5000", ByteRange(990, 10)),
        ("bytes=990-18446744073709551615", ByteRange(990, 10)),
        ("bytes=-99999999999999999999", ByteRange(0, 1000)),
        ("Bytes = 0-0", ByteRange(0, 1)),
        ("bytes=0-9,20-29", None),
        ("items=0-9", None),
        ("nonsense", None),
    ],
)
def test_what_is_sent(header: str, expected: ByteRange | None) -> None:
    assert parse_range(header, 1000) == expected


@pytest.mark.parametrize(
    "header", ["bytes=x", "bytes=", "bytes=-", "bytes=1000-", "bytes=5-4", "bytes=-0", "bytes=1-x"]
)
def test_what_the_file_does_not_have(header: str) -> None:
    with pytest.raises(NoSuchRange):
        parse_range(header, 1000)


@given(st.from_regex(r"\A[ \t]*bytes[ ]*=[0-9,\- x]{0,40}\Z"), st.integers(0, 2**40))
def test_a_range_lies_in_the_file(header: str, size: int) -> None:
    try:
        found = parse_range(header, size)
    except NoSuchRange:
        return
    if found is not None:
        assert 0 <= found.offset < found.offset + found.length <= size
