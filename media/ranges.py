"""Ranges of bytes as a client asks for them (RFC 9110, chapter 14)."""

from __future__ import annotations

import re
from typing import NamedTuple

_UNIT = re.compile(r"\s*bytes\s*=(.*)", re.IGNORECASE | re.DOTALL)
_RANGE = re.compile(r"(\d{0,100})-(\d{0,100})", re.ASCII)


class ByteRange(NamedTuple):
    """`length` bytes from `offset` on; the length is never 0."""

    offset: int
    length: int


class NoSuchRange(Exception):
    """The file has no byte of what was asked for, or the range makes no sense."""


def parse_range(header: str, size: int) -> ByteRange | None:
    """The range of a `Range` header in a body of `size` bytes; None stands for the whole body.

    Several ranges at once are answered with the whole body, as RFC 9110 allows: no player asks for them. So is a range
    in another unit than bytes.
    """
    unit = _UNIT.fullmatch(header)
    if unit is None:
        return None
    wanted = [part.strip() for part in unit[1].split(",") if part.strip()]
    found = [_RANGE.fullmatch(part) for part in wanted]
    if not found or not all(found):
        raise NoSuchRange
    if len(found) > 1:
        return None
    match = found[0]
    assert match is not None
    first, last = match.groups()
    if not first:
        length = min(int(last or 0), size)
        offset = size - length
    else:
        offset = int(first)
        if last and int(last) < offset:
            raise NoSuchRange
        length = min(int(last) + 1 if last else size, size) - offset
    if length <= 0:
        raise NoSuchRange
    return ByteRange(offset, length)
