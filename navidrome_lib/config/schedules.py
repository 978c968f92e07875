"""The grammar of schedules: cron with five fields, `@daily` and its like, `@every 1h30m`, or only a duration."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError

_NAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)([smhd])")
_LEAST = timedelta(minutes=1)
_MOST = timedelta(days=3660)
_NEVER = ("0", "off", "never")
FIELDS = 5


def next_due(schedule: str, after: datetime) -> datetime | None:
    """The first moment behind `after` for which a scan is scheduled; None for no schedule. Raises ValueError."""
    text = schedule.strip().lower()
    if not text or text in _NEVER:
        return None
    duration = _duration(text.removeprefix("@every").strip())
    if duration is not None:
        if duration > _MOST:
            raise ValueError(f"“{schedule}” is not a schedule: it is longer than ten years")
        return after + max(duration, _LEAST)
    cron = _NAMES.get(text, text)
    if len(cron.split()) != FIELDS:
        raise ValueError(f"“{schedule}” is not a schedule: cron has five fields, minute to day of the week")
    try:
        return next(CronSim(cron, after))
    except StopIteration:
        return None
    except CronSimError as error:
        raise ValueError(f"“{schedule}” is not a schedule: {error}") from error


def validate_schedule(text: str, now: datetime) -> str:
    """The schedule without surrounding space; ValueError with a sentence for one that makes no sense or never comes."""
    schedule = text.strip()
    if schedule and schedule.lower() not in _NEVER and next_due(schedule, now) is None:
        raise ValueError(f"“{schedule}” is not a schedule: that day never comes")
    return schedule


def _duration(text: str) -> timedelta | None:
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    return min(timedelta(seconds=min(seconds, 1e12)), _MOST + _LEAST)


def read_schedule(text: str) -> str:
    """The schedule in an environment variable; ValueError for one that makes no sense or never comes."""
    try:
        return validate_schedule(text, datetime.now(UTC))
    except ValueError as error:
        raise ValueError(f"{error}; write 0 3 * * *, @daily, @every 6h or never") from None
