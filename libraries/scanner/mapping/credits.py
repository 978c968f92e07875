"""Names in tags become credits: who did what in a track, in the order of the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice, zip_longest
from typing import Final

from libraries.choices import Role
from libraries.scanner.mapping.identity import artist_pid, genre_pid, normal
from libraries.scanner.mapping.splitting import Splitter, Splitters
from libraries.scanner.mapping.text import MAX_NAME, MAX_VALUES, line
from libraries.scanner.mapping.values import parse_uuid
from libraries.scanner.types import Credit

UNKNOWN_ARTIST: Final = "[Unknown Artist]"
VARIOUS_ARTISTS: Final = "Various Artists"
VARIOUS_ARTISTS_MBZ_ID: Final = "89ad4ac3-39f7-470e-963a-56509c546377"

MAIN_ROLES: Final = (Role.ARTIST, Role.ALBUM_ARTIST)
OTHER_ROLES: Final = tuple(role for role in Role if role not in (*MAIN_ROLES, Role.PERFORMER))
# a role, and the keys of its sort names and ids
_ROLE_KEYS: Final = tuple((role, f"{role}sort", f"musicbrainz_{role}id") for role in OTHER_ROLES)
_MAX_SUB_ROLE: Final = 255

_ID_SEPARATORS: Final = re.compile(r"[/;,\s]+")
# the first bracket of "Name (part)", which may hold others; what else is in brackets behind it says no more
_PERFORMER: Final = re.compile(r"([^(]*[^\s(])\s*\(((?:[^()]|\([^()]*\))*)\)(?:\s*\(.*\))?")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")

Values = tuple[str, ...]


def _lines(parts: Iterable[str]) -> list[str]:
    return [text for part in parts if (text := line(part, MAX_NAME))]


def find_names(splitters: Splitters, role: str, shown: Values, listed: Values, ids: int) -> tuple[list[str], Splitter]:
    """The names in the values of a tag, or of the tag beside it that lists them, and the splitter for their sort names.

    The number of MusicBrainz ids decides. Without that, several values are exact and a single one is split; those of a
    role are split always.
    """
    # one id beside a list of several says nothing of the text that shows them
    for values in (listed, shown) if ids > 1 or (ids and len(listed) < 2) else ():
        whole = _lines(values[:MAX_VALUES])
        if len(whole) == ids:
            return whole, splitters.single(role)
        for splitter in splitters.with_ids(role) if whole and ids > 1 else ():
            names = _split(splitter, values)
            if len(names) == ids:
                return names, splitter
    values = listed or shown
    if role in MAIN_ROLES and len(values) != 1:
        return _lines(values[:MAX_VALUES]), splitters.single(role)
    splitter = splitters.listed(role) if listed else splitters.single(role)
    return _split(splitter, values), splitter


def _split(splitter: Splitter, values: Values) -> list[str]:
    parts = chain.from_iterable(splitter.split(line(value), MAX_VALUES) for value in values[:MAX_VALUES])
    return _lines(parts)[:MAX_VALUES]


def _sort_names(split: Sequence[Splitter], count: int, *values: Values) -> Sequence[str]:
    """The sort names by position: those of the first of these tags that has as many, whole or split like the names."""
    for each in values:
        whole = [line(value, MAX_NAME) for value in each[:MAX_VALUES]]
        if len(whole) == count:
            return whole
        for splitter in split if each else ():
            if len(names := _split(splitter, each)) == count:
                return names
    return [""] * count


def _ids(values: Values) -> list[str]:
    """The MusicBrainz ids by position, empty ones where something else stands; none where nothing is an id."""
    parts = chain.from_iterable(_ID_SEPARATORS.split(value.strip()) for value in values[:MAX_VALUES])
    ids = [parse_uuid(part) for part in parts]
    return ids if any(ids) else []


@lru_cache(maxsize=2048)
def make_credit(role: str, name: str, sort_name: str = "", mbz_id: str = "", sub_role: str = "") -> Credit:
    """A credit with its artist's pid."""
    # a plain text, which can be marshalled
    return Credit(str(role), artist_pid(name), name, sort_name, mbz_id, sub_role)


@lru_cache(maxsize=1024)
def make_credits(
    splitters: Splitters,
    role: str,
    shown: Values,
    listed: Values = (),
    sorts: Values = (),
    list_sorts: Values = (),
    ids: Values = (),
) -> tuple[Credit, ...]:
    """The credits of one role; each artist once, sort names and MusicBrainz ids by position."""
    mbz_ids = _ids(ids)
    names, splitter = find_names(splitters, role, shown, listed, len(mbz_ids))
    if len(mbz_ids) != len(names):
        mbz_ids = [""] * len(names)
    sort_names = _sort_names((splitter, splitters.single(role)), len(names), list_sorts, sorts)
    found: dict[str, Credit] = {}
    for name, sort_name, mbz_id in zip(names, sort_names, mbz_ids, strict=True):
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


@lru_cache(maxsize=512)
def _part(text: str) -> str:
    """A performer's part in title case: that of the text does not count."""
    return _WORD.sub(lambda word: word[0].capitalize(), line(text, _MAX_SUB_ROLE))


@lru_cache(maxsize=1024)
def make_performers(splitters: Splitters, values: Values, part: str = "", ids: Values = ()) -> tuple[Credit, ...]:
    """The performers in the values of a tag: "Name (guitar)", or only names where the key says the part."""
    split = _split(splitters.performers, values)
    found = [] if part else [_PERFORMER.fullmatch(text) for text in split]
    pairs = [(match[1], match[2]) if match else (text, part) for text, match in zip_longest(split, found)]
    mbz_ids = _ids(ids)
    if len(mbz_ids) != len(pairs):
        mbz_ids = [""] * len(pairs)
    return tuple(
        make_credit(Role.PERFORMER, name, "", mbz_id, _part(sub_role))
        for (name, sub_role), mbz_id in zip(pairs, mbz_ids, strict=True)
    )


def _performers(splitters: Splitters, tags: Mapping[str, Sequence[str]]) -> Iterator[Credit]:
    for key in tags:
        if not key.startswith("performer"):
            continue
        if key == Role.PERFORMER:
            yield from make_performers(splitters, tuple(tags[key]), "", tuple(tags.get("musicbrainz_performerid", ())))
        elif key.startswith("performer:"):
            yield from make_performers(splitters, tuple(tags[key]), key.partition(":")[2])


def other_credits(splitters: Splitters, tags: Mapping[str, Sequence[str]]) -> list[Credit]:
    """All but the artists and album artists, role by role; one artist has a role (or part) once."""
    found: list[Credit] = []
    for role, sort_key, id_key in _ROLE_KEYS:
        if role in tags:
            sorts, ids = tuple(tags.get(sort_key, ())), tuple(tags.get(id_key, ()))
            found += make_credits(splitters, role, tuple(tags[role]), (), sorts, (), ids)
    if "writer" in tags:
        found += _writers(splitters, tags["writer"], found)
    performers: dict[tuple[str, str], Credit] = {}
    for credit in islice(_performers(splitters, tags), MAX_VALUES):
        performers.setdefault((credit.pid, credit.sub_role), credit)
    found += performers.values()
    return found


def _writers(splitters: Splitters, values: Sequence[str], people: Sequence[Credit]) -> list[Credit]:
    """The composers that are called writers, but those who are among the people as composers already."""
    known = {credit.pid for credit in people if credit.role == Role.COMPOSER}
    return [credit for credit in make_credits(splitters, Role.COMPOSER, tuple(values)) if credit.pid not in known]


def share_ids(people: tuple[Credit, ...]) -> tuple[Credit, ...]:
    """The same credits; a name without a MusicBrainz id has that of the same name in another role."""
    lacking = [pid for _, pid, _, _, mbz_id, _ in people if not mbz_id]
    if not lacking or len(lacking) == len(people):
        return people
    ids = {credit.pid: credit.mbz_id for credit in reversed(people) if credit.mbz_id}
    if ids.keys().isdisjoint(lacking):
        return people
    return tuple(credit if credit.mbz_id else credit._replace(mbz_id=ids.get(credit.pid, "")) for credit in people)


@lru_cache(maxsize=1024)
def make_genres(splitters: Splitters, values: Values) -> tuple[tuple[str, str], ...]:
    """(pid, name) of each genre in the values, each once, split at the usual separators."""
    found: dict[str, tuple[str, str]] = {}
    for name in _lines(chain.from_iterable(splitters.genre.split(value, MAX_VALUES) for value in values)):
        if len(found) < MAX_VALUES:
            pid = genre_pid(name)
            found.setdefault(pid, (pid, name))
    return tuple(found.values())


@lru_cache(maxsize=512)
def find_moods(splitters: Splitters, values: Values) -> tuple[str, ...]:
    """The moods in the values, each once, split at the usual separators."""
    found: dict[str, str] = {}
    for name in _lines(chain.from_iterable(splitters.mood.split(value, MAX_VALUES) for value in values)):
        found.setdefault(normal(name), name)
    return tuple(found.values())[:MAX_VALUES]
