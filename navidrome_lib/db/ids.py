"""Opaque ids: 22 characters, unique without asking the database, in rough order of time to keep indexes compact."""

from __future__ import annotations

import os
import time
from datetime import datetime
from functools import lru_cache
from typing import Final

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LENGTH = 22

# other lengths than ours are of ids that came from elsewhere
_LONGEST: Final = 64
_TIME_LENGTH: Final = 9
_RANDOM_LENGTH: Final = LENGTH - _TIME_LENGTH
_CHARACTERS: Final = (ALPHABET * 5)[:256].encode()


def new_id() -> str:
    """A new id: the milliseconds in base 62, then 13 random characters (77 bits)."""
    return new_ids(1)[0]


def new_ids(count: int) -> list[str]:
    """`count` new ids in ascending order: rows that are inserted in it stay together in the index."""
    now = _time_text(time.time_ns() // 1_000_000)
    random = os.urandom(_RANDOM_LENGTH * count).translate(_CHARACTERS).decode()
    return sorted([now + random[at : at + _RANDOM_LENGTH] for at in range(0, len(random), _RANDOM_LENGTH)])


def can_be_id(text: str) -> bool:
    """Whether a text can be an id: only then is it looked up, so that nothing odd reaches the database."""
    return text.isascii() and text.isalnum() and len(text) <= _LONGEST


def first_id(moment: datetime) -> str:
    """The least id that could have been made at `moment`: a way to find what is younger by its primary key."""
    return _time_text(int(moment.timestamp() * 1000)) + ALPHABET[0] * _RANDOM_LENGTH


@lru_cache(maxsize=16)
def _time_text(number: int) -> str:
    digits = []
    for _ in range(_TIME_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))
