"""How much of a purge one transaction does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PurgeLimits:
    """The limits of purges, of their undoing and of their expiry."""

    # rows in one statement of a purge, and in one transaction of an undo or an expiry
    batch: int = 500
    # between two transactions, so that another writer gets a turn
    pause_seconds: float = 0.005
