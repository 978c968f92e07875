"""The moment at which a day ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta


def end_of(day: date | None) -> datetime | None:
    """The end of a day (UTC); None without a day."""
    return None if day is None else datetime.combine(day + timedelta(days=1), time(), UTC)
