"""Rules by which one text names several artists, genres or moods. They reach the readers with each scan."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Final

from libraries.choices import Role

Texts = tuple[str, ...]

# Between names whose number is known by their MusicBrainz ids, besides the usual separators.
_WITH_IDS: Final = ("/", ";", " & ", ", ", " x ", " vs. ")
_BRACKET: Final = r"\((?:[^()]|\([^()]*\))*\)"
_BLANK: Final = re.compile(r"\s+")


@dataclass(frozen=True, kw_only=True)
class SplitRules:
    """The separators of each tag, names that are never split, and articles that lists pass over.

    Their case does not count.

    A slash without spaces belongs to many bands' names, but hardly to those of composers and producers.
    """

    artist: Texts = (" / ", " feat. ", " feat ", " ft. ", " ft ", "; ")
    albumartist: Texts = artist
    artists: Texts = ("; ",)
    albumartists: Texts = artists
    roles: Texts = ("/", ";")
    genre: Texts = (";", "/", ",")
    mood: Texts = genre
    exceptions: Texts = ()
    articles: Texts = ("The", "El", "La", "Los", "Las", "Le", "Les", "Os", "As", "O", "A")


class Splitter:
    """Splits a text at separators, but for whole words that are one name, and for brackets if these are kept."""

    def __init__(
        self, separators: Sequence[str], exceptions: Sequence[str] = (), *, keeps_brackets: bool = False
    ) -> None:
        between = "|".join(map(re.escape, sorted(separators, key=len, reverse=True)))
        kept = "|".join(map(_spaced, sorted(filter(str.strip, exceptions), key=len, reverse=True)))
        whole = f"(?<!\\w)(?:{kept})(?!\\w)|" if kept else ""
        if keeps_brackets:
            whole = f"{_BRACKET}|{whole}"
        self._separator = re.compile(between, re.IGNORECASE) if between else None
        self._parts = re.compile(f"{whole}({between})", re.IGNORECASE) if between and whole else None

    def split(self, text: str, most: int) -> list[str]:
        """The parts of the text, `most` of them at the most."""
        if self._separator is None or most < 2:
            return [text]
        if self._parts is None:
            return self._separator.split(text, most - 1)
        parts: list[str] = []
        begin = 0
        for found in self._parts.finditer(text):
            if found[1] is not None and len(parts) < most - 1:
                parts.append(text[begin : found.start()])
                begin = found.end()
        return [*parts, text[begin:]]


def _spaced(name: str) -> str:
    """The pattern of a name, in which any run of space is like another."""
    return r"\s+".join(map(re.escape, _BLANK.split(name.strip())))


class Splitters:
    """The splitters of some rules. Compared by identity, so that caches by it cost nothing."""

    def __init__(self, rules: SplitRules) -> None:
        self._rules = rules
        self.articles = rules.articles
        self.genre = Splitter(rules.genre)
        self.mood = Splitter(rules.mood)
        self._separators: dict[str, Texts] = {Role.ARTIST: rules.artist, Role.ALBUM_ARTIST: rules.albumartist}
        self._single = {role: self._splitter(separators) for role, separators in self._separators.items()}
        self._list: dict[str, Splitter] = {
            Role.ARTIST: self._splitter(rules.artists),
            Role.ALBUM_ARTIST: self._splitter(rules.albumartists),
        }
        self._roles = self._splitter(rules.roles)
        self.performers = Splitter(rules.roles, rules.exceptions, keeps_brackets=True)
        self._with_ids: dict[str, list[Splitter]] = {}

    def _splitter(self, separators: Texts) -> Splitter:
        return Splitter(separators, self._rules.exceptions)

    def single(self, role: str) -> Splitter:
        """The splitter of the tag that names the people of a role."""
        return self._single.get(role, self._roles)

    def listed(self, role: str) -> Splitter:
        """The splitter of the tag that lists them, for a value that stands alone."""
        return self._list.get(role, self._roles)

    def with_ids(self, role: str) -> list[Splitter]:
        """The splitters of names whose number is known, the most usual first."""
        if role not in self._with_ids:
            usual = self._separators.get(role, self._rules.roles)
            several = (extra for count in range(1, len(_WITH_IDS) + 1) for extra in combinations(_WITH_IDS, count))
            tried = [usual, *((extra,) for extra in _WITH_IDS), *((*usual, *extra) for extra in several)]
            self._with_ids[role] = [self._splitter(separators) for separators in tried]
        return self._with_ids[role]


@lru_cache(maxsize=16)
def splitters_of(rules: SplitRules) -> Splitters:
    """The splitters of the rules; equal rules have the same ones."""
    return Splitters(rules)


DEFAULT_SPLITTERS: Final = splitters_of(SplitRules())
