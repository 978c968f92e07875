"""Opaque ids: 22 characters, unique without asking the database, in rough order of time to keep indexes compact."""

from __future__ import annotations

import os
import time
from datetime import datetime
from functools import lru_cache
from typing import Final

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LENGTH = 22

_RANDOM_BYTES: Final = 10
_PAIR: Final = len(ALPHABET) ** 2
_PAIRS: Final = [first + second for first in ALPHABET for second in ALPHABET]
_HALF: Final = _PAIR**3
_LOW: Final = _HALF**2


def new_id() -> str:
    """A new id: 48 bits of milliseconds, then 80 random bits, in base 62."""
    return new_ids(1)[0]


def new_ids(count: int) -> list[str]:
    """So many new ids in ascending order: rows that are inserted in it stay together in the index."""
    time_part = time.time_ns() // 1_000_000 << 8 * _RANDOM_BYTES
    random = os.urandom(_RANDOM_BYTES * count)
    numbers = [
        time_part | int.from_bytes(random[at : at + _RANDOM_BYTES], "big")
        for at in range(0, len(random), _RANDOM_BYTES)
    ]
    return [_text(number) for number in sorted(numbers)]


def first_id(moment: datetime) -> str:
    """The least id that could have been made at `moment`: a way to find what is younger by its primary key."""
    return _text(int(moment.timestamp() * 1000) << 8 * _RANDOM_BYTES)


def _text(number: int) -> str:
    high, low = divmod(number, _LOW)
    left, right = divmod(low, _HALF)
    return _head(high) + _six(left) + _six(right)


@lru_cache(maxsize=1024)
def _head(number: int) -> str:
    """The first ten characters: mostly time, so the same again and again."""
    left, right = divmod(number, _HALF)
    first, second = divmod(left, _PAIR)
    return _PAIRS[first] + _PAIRS[second] + _six(right)


def _six(number: int) -> str:
    rest, last = divmod(number, _PAIR)
    first, middle = divmod(rest, _PAIR)
    return _PAIRS[first] + _PAIRS[middle] + _PAIRS[last]
