"""Attempts to break the scanner: crashes, failing storage, broken files, hostile names. Nothing may ever be lost.

ND_HAZARDS=thorough makes the same tests longer: every crash point, more files, more random walks. ND_HAZARDS_HOURS=3
beside it lets the random lives of libraries go on for three hours; at the end they say how much happened in them.
"""

from __future__ import annotations

import os
from typing import Final

from tests.support.sharing import THOROUGH

HOURS: Final = float(os.environ.get("ND_HAZARDS_HOURS", "0"))


def at_most(usual: int, thorough: int) -> int:
    """How much of something a test does."""
    return thorough if THOROUGH else usual
