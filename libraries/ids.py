"""Opaque ids: 22 characters, unique without asking the database, in rough order of time to keep indexes compact."""

from __future__ import annotations

import os
import time
from datetime import datetime

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LENGTH = 22

_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]


def new_id() -> str:
    """A new id: 48 bits of milliseconds, then 80 random bits, in base 62."""
    return _text((time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10), "big"))


def first_id(moment: datetime) -> str:
    """The least id that could have been made at `moment`: a way to find what is younger by its primary key."""
    return _text(int(moment.timestamp() * 1000) << 80)


def _text(number: int) -> str:
    pairs = []
    for _ in range(LENGTH // 2):
        number, pair = divmod(number, 62 * 62)
        pairs.append(_PAIRS[pair])
    return "".join(reversed(pairs))
