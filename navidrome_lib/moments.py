"""Moments that can be shown: at the ends of the calendar there is none in some time zones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

# a day from the ends, as no zone is further from UTC
EARLIEST: Final = datetime(1, 1, 2, tzinfo=UTC)
LATEST: Final = datetime(9999, 12, 31, tzinfo=UTC)


def showable(moment: datetime) -> datetime:
    """The moment, or the next one that pages can show in every time zone."""
    return min(max(moment, EARLIEST), LATEST)
