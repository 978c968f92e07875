"""Format numbers, durations, sizes and times for people."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def number(value: float | None) -> str:
    """A whole number with its thousands apart."""
    return f"{int(value or 0):,}"


def duration(seconds: float | None) -> str:
    """The two largest units of a time: `3 d 4 h`, `4 min 12 s`, `0 s`."""
    rest, parts = max(0, round(seconds or 0)), list[str]()
    for size, unit in STEPS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count:,} {unit}")
        elif parts:
            break
        if len(parts) == 2:
            break
    return " ".join(parts) or "0 s"


def clock(seconds: float | None) -> str:
    """The length of a song: `4:05`, `1:02:03`."""
    minutes, rest = divmod(max(0, round(seconds or 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(count: float | None) -> str:
    """Bytes in the largest unit that leaves a number of at least one."""
    value, units = float(count or 0), ["B", "KB", "MB", "GB", "TB", "PB"]
    unit = units.pop(0)
    while value >= 1024 and units:
        value, unit = value / 1024, units.pop(0)
    return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"


def songs(count: int) -> str:
    return ngettext("%(count)s song", "%(count)s songs", count) % {"count": number(count)}


def files(count: int) -> str:
    return ngettext("%(count)s file", "%(count)s files", count) % {"count": number(count)}


def unread(files: dict[str, int]) -> str:
    """The files of kinds that are not read, by suffix, the most frequent first; empty without any."""
    if not files:
        return ""
    count = sum(files.values())
    suffixes = ", ".join(f".{suffix}" for suffix, _ in sorted(files.items(), key=lambda item: (-item[1], item[0])))
    said = ngettext(
        "%(count)s file of a kind that is not read: %(suffixes)s",
        "%(count)s files of kinds that are not read: %(suffixes)s",
        count,
    )
    return said % {"count": number(count), "suffixes": suffixes}


def folders(count: int) -> str:
    return ngettext("%(count)s folder", "%(count)s folders", count) % {"count": number(count)}


def albums(count: int) -> str:
    return ngettext("%(count)s album", "%(count)s albums", count) % {"count": number(count)}


def ago(moment: datetime | None) -> str:
    """How long ago something was, in its largest unit."""
    if moment is None:
        return "–"
    seconds = (timezone.now() - moment).total_seconds()
    if seconds < 60:
        return _("just now")
    count, unit = next((int(seconds // size), unit) for size, unit in STEPS if seconds >= size)
    return _("%(time)s ago") % {"time": f"{count:,} {unit}"}


def left(seconds: float) -> str:
    """How long something still takes, as roughly as it is known."""
    if seconds < 5:
        return _("a few seconds left")
    return _("about %(time)s left") % {"time": duration(seconds)}
