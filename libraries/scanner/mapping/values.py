"""Texts become dates and numbers that the columns can hold; nonsense becomes None, never an exception."""

from __future__ import annotations

import re
from datetime import date as Date  # noqa: N812 - `date` is the name of a tag here
from functools import lru_cache
from typing import Final, NamedTuple

MAX_INT: Final = 2**31 - 1
MAX_SMALL_INT: Final = 2**15 - 1
MAX_DURATION: Final = 1e9

# Years from 1000 to 2999: "0001-01-01" and "9999" are what programs write for no date.
_DATE: Final = re.compile(r"([12]\d{3})(?:([-/.]?)(\d\d)(?:\2(\d\d))?)?(?!\d)", re.ASCII)
_YEAR: Final = re.compile(r"(?<!\d)[12]\d{3}(?!\d)", re.ASCII)
_NUMBER: Final = re.compile(
    r"\s*0*(\d{1,10})(?!\d)(?:[.,]\d+)?\s*(?:(?:/|\bof\b)\s*0*(\d{1,10})(?!\d))?", re.ASCII | re.I
)
_TEMPO: Final = re.compile(r"\s*(\d{1,9}(?:[.,]\d{1,9})?)(?!\d)", re.ASCII)
_DECIMAL: Final = re.compile(r"([+-]?(?:\d{1,6}(?:[.,]\d*)?|[.,]\d+)(?:e[+-]?\d\d?)?)\s*(?:dB)?", re.ASCII | re.I)
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII | re.I)
_LONGEST_DATE: Final = 64
_LONGEST_DECIMAL: Final = 40
_MAX_GAIN: Final = 100.0
_MAX_PEAK: Final = 1000.0


class PartialDate(NamedTuple):
    """A year, a month or a day: "2004", "2004-05", "2004-05-06", or "" when unknown."""

    text: str
    year: int | None


UNKNOWN_DATE: Final = PartialDate("", None)


@lru_cache(maxsize=1024)
def _parse_date(text: str) -> PartialDate:
    found = _DATE.match(text)
    if found is None:
        lone = _YEAR.search(text)
        return PartialDate(lone[0], int(lone[0])) if lone else UNKNOWN_DATE
    year, _, month, day = found.groups()
    if month is None or not 1 <= int(month) <= 12:
        return PartialDate(year, int(year))
    try:
        return PartialDate(Date(int(year), int(month), int(day or 0)).isoformat(), int(year))
    except ValueError:
        return PartialDate(f"{year}-{month}", int(year))


def parse_date(text: str) -> PartialDate:
    """The date at the beginning of the text, as exact as it is valid; else the first year in it."""
    return _parse_date(text[:_LONGEST_DATE]) if text else UNKNOWN_DATE


def first_date(*texts: str) -> PartialDate:
    """The date in the first of these texts that has one."""
    return next((date for text in texts if (date := parse_date(text)).text), UNKNOWN_DATE)


def not_before(one: PartialDate, other: PartialDate) -> bool:
    """Whether a date may be the same as another one, or later: what one of them leaves open counts as the same."""
    return one.text[: len(other.text)] >= other.text[: len(one.text)]


def more_precise(one: PartialDate, other: PartialDate) -> PartialDate:
    """The date, or the other one where that is of the same year and says more."""
    return other if other.year == one.year and len(other.text) > len(one.text) else one


def parse_pair(number: str, total: str) -> tuple[int | None, int | None]:
    """A number and its total out of "03", "3/12", "3 of 12"; the total's own text comes first. Zero means unknown."""
    short = len(number) <= _LONGEST_DATE and len(total) <= _LONGEST_DATE
    return _known_pair(number, total) if short else _parse_pair(number, total)


def _parse_pair(number: str, total: str) -> tuple[int | None, int | None]:
    found = _NUMBER.match(number) if number else None
    count = parse_number(total) if total else None
    if found is None:
        return None, count
    if count is None and found[2]:
        count = _within(int(found[2]))
    return _within(int(found[1])), count


_known_pair = lru_cache(maxsize=1024)(_parse_pair)


def parse_number(text: str) -> int | None:
    """A whole number from 1 to what an integer column holds; a fraction is dropped."""
    found = _NUMBER.match(text) if text else None
    return _within(int(found[1])) if found else None


def parse_tempo(text: str) -> int | None:
    """Beats per minute as a whole number, out of "128", "127,6" or "128 BPM". Zero means unknown."""
    found = _TEMPO.match(text) if text else None
    return _within(int(float(found[1].replace(",", ".")) + 0.5)) if found else None


def _within(number: int) -> int | None:
    return number if 0 < number <= MAX_INT else None


def _decimal(text: str) -> float | None:
    found = _DECIMAL.fullmatch(text) if 0 < len(text) <= _LONGEST_DECIMAL else None
    return float(found[1].replace(",", ".")) if found else None


def parse_gain(text: str, r128: str = "") -> float | None:
    """A gain in dB; an R128 gain (1/256 dB, 5 dB below) stands in for an absent one."""
    gain = _decimal(text)
    if gain is None and r128:
        steps = _decimal(r128)
        gain = None if steps is None else steps / 256 + 5
    return gain if gain is not None and abs(gain) <= _MAX_GAIN else None


def parse_peak(text: str) -> float | None:
    """A peak, where 1 is full scale."""
    peak = _decimal(text)
    return peak if peak is not None and 0 <= peak <= _MAX_PEAK else None


def parse_uuid(text: str) -> str:
    """A MusicBrainz id in lower case, or an empty text."""
    return text.lower() if len(text) == 36 and _UUID.fullmatch(text) else ""


def bounded(number: float, limit: int = MAX_INT) -> int:
    """A technical value (Hz, kbit/s) as a whole number; what the column cannot hold is 0, "unknown"."""
    return int(number) if 0 <= number <= limit else 0


def bounded_duration(seconds: float) -> float:
    """Seconds, or 0 when that cannot be."""
    return float(seconds) if 0 <= seconds <= MAX_DURATION else 0.0
