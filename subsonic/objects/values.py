"""Values as the protocol writes them, and what several of its objects have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from navidrome_lib.api.wire import instant
from subsonic.params import whole

Object = dict[str, Any]
"""One object of an answer: keys in the protocol's spelling, values of JSON."""

EXPLICIT: Final = {"e": "explicit", "c": "clean"}


def without_audio() -> Object:
    """What the protocol has of every child, and only a song can have: a directory has it empty."""
    return {
        "bpm": 0,
        "comment": "",
        "isrc": [],
        "replayGain": {},
        "channelCount": 0,
        "samplingRate": 0,
        "bitDepth": 0,
        "contributors": [],
        "displayComposer": "",
        "works": [],
        "movements": [],
    }


def moment(value: datetime | str) -> str:
    """ISO 8601 with a zone, which typed clients insist on."""
    return value if isinstance(value, str) else instant(value)


def with_more(name: str, more: Sequence[str]) -> str:
    """A name with what tells it from others of the same name, as in `Live (Deluxe Edition)`."""
    return f"{name} ({more[0]})" if more and more[0] else name


def names(values: Iterable[str]) -> list[Object]:
    """`genres`, `recordLabels`, `works`: objects with a name."""
    return [{"name": value} for value in values]


def artist_refs(people: Iterable[Mapping[str, Any]]) -> list[Object]:
    """`artists`, `albumArtists`: id and name, each artist once."""
    known = {each["id"]: each["name"] for each in people}
    return [{"id": pk, "name": name} for pk, name in known.items()]


def date_object(text: str) -> Object:
    """`releaseDate`: what is known of year, month and day of a date such as `2020-01`; empty: nothing."""
    found: Object = {}
    for key, part, length in zip(("year", "month", "day"), text[:10].split("-"), (4, 2, 2), strict=False):
        if not (part.isascii() and part.isdigit() and len(part) <= length and int(part)):
            break
        found[key] = int(part)
    return found


def number(values: Sequence[str]) -> int:
    """The first of some texts as a number, 0 where it is none."""
    return (whole(values[0]) or 0) if values else 0


def add_notes(target: Object, source: Mapping[str, Any]) -> None:
    """What the viewer has of a thing: `starred`, `userRating`, `playCount`, `played`; and the average rating of all.

    What is empty is left out: a rating of 0 breaks strict clients.
    """
    if starred := source.get("starredAt"):
        target["starred"] = moment(starred)
    if rating := source.get("rating"):
        target["userRating"] = rating
    if average := source.get("averageRating"):
        target["averageRating"] = average


def add_plays(target: Object, source: Mapping[str, Any]) -> None:
    """The viewer's plays, where there are any; artists of the protocol have none."""
    if plays := source.get("playCount"):
        target["playCount"] = plays
    if played := source.get("playDate"):
        target["played"] = moment(played)
