"""Names in tags become credits: who did what in a track, in the order of the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import Final

from libraries.choices import Role
from libraries.scanner.mapping.identity import artist_pid, genre_pid
from libraries.scanner.mapping.text import MAX_NAME, MAX_VALUES, line
from libraries.scanner.mapping.values import parse_uuid
from libraries.scanner.types import Credit

UNKNOWN_ARTIST: Final = "[Unknown Artist]"
VARIOUS_ARTISTS: Final = "Various Artists"
VARIOUS_ARTISTS_MBZ_ID: Final = "89ad4ac3-39f7-470e-963a-56509c546377"

_MAIN_ROLES: Final = (Role.ARTIST, Role.ALBUM_ARTIST)
OTHER_ROLES: Final = tuple(role for role in Role if role not in (*_MAIN_ROLES, Role.PERFORMER))
_MAX_SUB_ROLE: Final = 255

# A slash without spaces belongs to many bands' names, but hardly to those of composers and producers.
_ARTIST_SEPARATORS: Final = re.compile(r" / | feat\.? | ft\.? |; ", re.IGNORECASE)
_ROLE_SEPARATORS: Final = re.compile(r"[/;]")
_GENRE_SEPARATORS: Final = re.compile(r"[;/,]")
_ID_SEPARATORS: Final = re.compile(r"[/;,\s]+")
_PERFORMER: Final = re.compile(r"(.*\S)\s*\(((?:[^()]|\([^()]*\))*)\)")

Values = tuple[str, ...]


def _lines(parts: Iterable[str]) -> list[str]:
    return [text for part in parts if (text := line(part, MAX_NAME))]


def split_names(role: str, values: Sequence[str]) -> list[str]:
    """The names in the values of a tag: several values are exact, a single one is split at the usual separators."""
    if len(values) != 1:
        return _lines(values[:MAX_VALUES])
    separators = _ARTIST_SEPARATORS if role in _MAIN_ROLES else _ROLE_SEPARATORS
    return _lines(separators.split(line(values[0]), MAX_VALUES - 1))


def _matching(names: Sequence[str], values: Sequence[str]) -> Sequence[str]:
    """The values by position, or nothing at all when there are more or fewer of them than names."""
    return values if len(values) == len(names) else [""] * len(names)


def _sort_names(role: str, names: Sequence[str], values: Values) -> Sequence[str]:
    whole = [line(value, MAX_NAME) for value in values[:MAX_VALUES]]
    return whole if len(whole) == len(names) else _matching(names, split_names(role, values))


def _ids(values: Values) -> list[str]:
    parts = chain.from_iterable(_ID_SEPARATORS.split(value.strip()) for value in values[:MAX_VALUES])
    return [parse_uuid(part) for part in parts]


@lru_cache(maxsize=8192)
def make_credit(role: str, name: str, sort_name: str = "", mbz_id: str = "", sub_role: str = "") -> Credit:
    """A credit with its artist's pid."""
    # a plain text, which can be marshalled
    return Credit(str(role), artist_pid(name), name, sort_name, mbz_id, sub_role)


@lru_cache(maxsize=1024)
def make_credits(role: str, values: Values, sorts: Values = (), ids: Values = ()) -> tuple[Credit, ...]:
    """The credits of one role; each artist once, sort names and MusicBrainz ids by position."""
    names = split_names(role, values)
    found: dict[str, Credit] = {}
    parts = zip(names, _sort_names(role, names, sorts), _matching(names, _ids(ids)), strict=True)
    for name, sort_name, mbz_id in parts:
        credit = make_credit(role, name, sort_name, mbz_id)
        found.setdefault(credit.pid, credit)
    return tuple(found.values())


def is_various(people: tuple[Credit, ...]) -> bool:
    """Whether the only artist stands for many."""
    return len(people) == 1 and (
        people[0].pid == artist_pid(VARIOUS_ARTISTS) or people[0].mbz_id == VARIOUS_ARTISTS_MBZ_ID
    )


@lru_cache(maxsize=1024)
def in_role(people: tuple[Credit, ...], role: str) -> tuple[Credit, ...]:
    """The same artists in another role."""
    return tuple(make_credit(role, each.name, each.sort_name, each.mbz_id) for each in people)


def _performers(tags: Mapping[str, Sequence[str]]) -> Iterator[Credit]:
    """The name and part out of "Name (guitar)" under `performer`, or out of the name under `performer:guitar`."""
    for key in tags:
        if not key.startswith(Role.PERFORMER):
            continue
        named, colon, role = key.partition(":")
        for value in tags[key] if named == Role.PERFORMER else ():
            text = line(value, MAX_NAME)
            found = None if colon else _PERFORMER.fullmatch(text)
            name, sub_role = (found[1], found[2]) if found else (text, role)
            if name:
                yield make_credit(Role.PERFORMER, name, sub_role=line(sub_role, _MAX_SUB_ROLE))


def other_credits(tags: Mapping[str, Sequence[str]]) -> list[Credit]:
    """All but the artists and album artists, role by role; one artist has a role (or part) once."""
    found: list[Credit] = []
    for role in OTHER_ROLES:
        if role in tags:
            found += make_credits(role, tuple(tags[role]), tuple(tags.get(f"{role}sort", ())))
        if role == Role.COMPOSER and "writer" in tags:
            known = {credit.pid for credit in found}
            found += (credit for credit in make_credits(role, tuple(tags["writer"])) if credit.pid not in known)
    performers: dict[tuple[str, str], Credit] = {}
    for credit in islice(_performers(tags), MAX_VALUES):
        performers.setdefault((credit.pid, credit.sub_role), credit)
    found += performers.values()
    return found


@lru_cache(maxsize=1024)
def make_genres(values: Values) -> tuple[tuple[str, str], ...]:
    """(pid, name) of each genre in the values, each once, split at the usual separators."""
    found: dict[str, tuple[str, str]] = {}
    for name in _lines(chain.from_iterable(map(_GENRE_SEPARATORS.split, values))):
        if len(found) < MAX_VALUES:
            pid = genre_pid(name)
            found.setdefault(pid, (pid, name))
    return tuple(found.values())
