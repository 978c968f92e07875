"""What a person has set for a player: the format and the bit rate that it gets when it asks for none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from navidrome_lib.viewer import Viewer


class Preference(NamedTuple):
    """A format, or an empty text for any, and the highest bit rate in kbit/s, 0 for any."""

    format_name: str = ""
    max_bit_rate: int = 0


# by the viewer, the name of the client and its user agent; None where nothing was set
PreferenceOf = Callable[[Viewer, str, str], Preference | None]
_finders: Final[list[PreferenceOf]] = []


def register_preferences(finder: PreferenceOf) -> None:
    """Have `finder` asked what was set for a player. To be called in the `ready` of an app."""
    _finders.append(finder)


def withdraw_preferences(finder: PreferenceOf) -> None:
    """Ask `finder` no longer."""
    _finders.remove(finder)


def preferred(viewer: Viewer, client: str, user_agent: str, *, format_name: str, max_bit_rate: int) -> Preference:
    """What a player gets that asks for a format and a bit rate: its own words count, within the limit that was set."""
    for finder in _finders:
        found = finder(viewer, client, user_agent)
        if found is not None:
            limits = [limit for limit in (max_bit_rate, found.max_bit_rate) if limit]
            return Preference(format_name or found.format_name, min(limits, default=0))
    return Preference(format_name, max_bit_rate)
