"""The builder that collects cleaned values of tags under canonical keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from libraries.audio.tags.encodings import decode_tags
from libraries.audio.tags.names import (
    MAX_NAME_CHARS,
    NUMBERED,
    ROLES,
    canonical_key,
    free_name,
    plain_name,
    rank_of,
    squash,
)
from libraries.audio.tags.text import MAX_VALUE_BYTES, clean, decode_name, has_kept_bytes
from libraries.choices import TextEncoding

MAX_VALUES: Final = 200
MAX_KEYS: Final = 500
_MAX_SPELLINGS: Final = 20
# text of fewer characters is never longer than MAX_VALUE_BYTES
_SHORT: Final = MAX_VALUE_BYTES // 4
# the spelling of a total that stands behind its number: one with a name of its own counts before it
_PAIR: Final = "pair"
_OF: Final = re.compile(r"\s+of\s+", re.IGNORECASE)

# what the values of a key need to be of use
_USABLE: Final = {
    "bpm": re.compile(r"[1-9]"),
    **dict.fromkeys(("date", "year", "originaldate", "originalyear", "releasedate"), re.compile(r"(?<!\d)[12]\d{3}")),
}
# keys of MusicBrainz ids → the keys of the names that they belong to, a list first
_NAMES_OF: Final = {
    "musicbrainz_artistid": ("artists", "artist"),
    "musicbrainz_albumartistid": ("albumartists", "albumartist"),
    **{f"musicbrainz_{role}id": (role,) for role in (*ROLES.values(), "performer")},
}
_IDS: Final = re.compile(r"[^/;,\s]+")
_JOINTS: Final = re.compile(r"/|;|,| & | feat\.? | ft\.? | x | vs\.? ", re.IGNORECASE)

# for keys without a value in `_USABLE`
_ANY: Final = re.compile("")


class TagBuilder:
    """Collects values under canonical keys; whatever is added, the result is clean and bounded.

    A file may name one tag in several ways ("spellings"): their values are never mixed, the best one counts.
    """

    __slots__ = ("_others", "_spellings", "encoding", "has_kept_bytes", "has_lyrics", "has_picture", "tags")

    def __init__(self) -> None:
        self.tags: dict[str, list[str]] = {}
        self.has_picture = False
        self.has_lyrics = False
        # whether there is text that only `finish` decodes, and then in which encoding it was
        self.has_kept_bytes = False
        self.encoding = ""
        # the spelling of the values in `tags`, where it is not the usual one, and the values of other spellings
        self._spellings: dict[str, str] = {}
        self._others: dict[str, dict[str, list[str]]] = {}

    def add(self, key: str, values: Iterable[str], spelling: str = "") -> None:
        """Add values under a canonical key; empty ones and repetitions are left out."""
        found = self.tags.get(key)
        if found is None:
            if len(self.tags) >= MAX_KEYS:
                return
            found = []
        elif self._spellings.get(key, "") != spelling:
            others = self._others.setdefault(key, {})
            if spelling in others or len(others) < _MAX_SPELLINGS:
                self._extend(others.setdefault(spelling, []), values)
            return
        self._extend(found, values)
        if found and key:
            self.tags[key] = found
            if spelling:
                self._spellings[key] = spelling

    def _extend(self, found: list[str], values: Iterable[str]) -> None:
        for value in values:
            # the short way for nearly all of them
            if len(value) <= _SHORT and value.isprintable():
                text = value.strip()
            else:
                text = clean(value)
                self.has_kept_bytes = self.has_kept_bytes or has_kept_bytes(text)
            if text and text not in found and len(found) < MAX_VALUES:
                found.append(text)

    def add_text(self, key: str, text: str, spelling: str = "") -> None:
        """Add the values of a text, which are separated by NULs, under a canonical key."""
        text = text.rstrip("\0")
        if "\0" in text:
            self.add(key, text.split("\0"), spelling)
        else:
            self.add_one(key, text, spelling)

    def add_one(self, key: str, text: str, spelling: str = "") -> None:
        """Add one value under a canonical key."""
        tags = self.tags
        if key not in tags and text.isprintable() and len(text) <= _SHORT and len(tags) < MAX_KEYS:
            if key and (text := text.strip()):
                tags[key] = [text]
                if spelling:
                    self._spellings[key] = spelling
        else:
            self.add(key, (text,), spelling)

    def add_named(self, name: str, values: Sequence[str]) -> None:
        """Add values under a free-form name."""
        name = decode_name(name[:MAX_NAME_CHARS])
        self._add_spelled(name, values, *plain_name(name))

    def add_free(self, name: str, values: Sequence[str]) -> None:
        """Add values under a free-form name of a tag whose usual names are other ones (TXXX, MP4 freeforms)."""
        name = decode_name(name[:MAX_NAME_CHARS])
        self._add_spelled(name, values, *free_name(name))

    def add_free_text(self, name: str, text: str) -> None:
        """Add the values of a text, which are separated by NULs, under a free-form name (see `add_free`)."""
        name = decode_name(name[:MAX_NAME_CHARS])
        key, spelling = free_name(name)
        if key:
            self.add_text(key, text, spelling)
        else:
            self._add_spelled(name, text.rstrip("\0").split("\0"), key, spelling)

    def add_usual(self, key: str, values: Sequence[str], spelling: str = "") -> None:
        """Add values under a canonical key as under its name: "3/12" is a number and a total."""
        self._add_spelled(key, values, "" if key in NUMBERED else key, spelling)

    def _add_spelled(self, name: str, values: Sequence[str], plain: str, spelling: str) -> None:
        if plain:
            self.add(plain, values, spelling)
            return
        key = canonical_key(name)
        if key in NUMBERED:
            self.add_numbered(*NUMBERED[key], values, spelling)
        elif key == "lyrics":
            self.has_lyrics = self.has_lyrics or any(value.strip() for value in values)
        elif key.startswith("performer:"):
            self.add_people("performer", ((key.partition(":")[2], value) for value in values))

    def add_numbered(self, number: str, total: str, values: Iterable[str], spelling: str = "") -> None:
        """Add "3/12" or "3 of 12" as a number and a total."""
        for value in values:
            first, slash, second = value.partition("/")
            if not slash and not value.isdigit():
                first, *rest = _OF.split(value, 1)
                second = rest[0] if rest else ""
            self.add_one(number, first, spelling)
            if second:
                self.add_one(total, second, _PAIR)

    def add_people(self, fallback: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Add (role, name) pairs: known roles under their own key, others as "name (role)" under the fallback."""
        for role, name in pairs:
            known = ROLES.get(squash(role))
            name = clean(name)
            if known and fallback != "performer":
                self.add(known, (name,))
            elif name:
                role = clean(role)
                if "(" in name and role:
                    # its own bracket is not the part
                    self.add(f"performer:{role.lower()}", (name,))
                else:
                    self.add("performer", (f"{name} ({role})" if role else name,))

    def fill(self, other: TagBuilder) -> None:
        """Take over what another source knows and this one does not."""
        other.choose()
        for key, values in other.tags.items():
            if key not in self.tags and len(self.tags) < MAX_KEYS:
                self.tags[key] = values
        self.has_picture = self.has_picture or other.has_picture
        self.has_lyrics = self.has_lyrics or other.has_lyrics
        self.has_kept_bytes = self.has_kept_bytes or other.has_kept_bytes

    def choose(self) -> None:
        """Keep the values of one spelling for each key: a usable one, for ids one with an id for each name."""
        # the names that ids belong to come first
        for key in sorted(self._others, key=_NAMES_OF.__contains__):
            found = {self._spellings.get(key, ""): self.tags[key], **self._others[key]}
            if key in _NAMES_OF:
                best = min(found, key=lambda each: (_misfit(found[each], key, self.tags), rank_of(key, each)))
            else:
                usable = _USABLE.get(key, _ANY).search
                best = min(found, key=lambda each: (not any(map(usable, found[each])), rank_of(key, each)))
            self.tags[key] = found[best]
            self._spellings[key] = best
        self._others.clear()

    def finish(self, encoding: str = TextEncoding.AUTO) -> dict[str, list[str]]:
        """The collected tags, all of them text now, with the year standing in for an absent date."""
        if self._others:
            self.choose()
        if self.has_kept_bytes:
            self.encoding = decode_tags(self.tags, encoding)
        tags = self.tags
        for year, date in (("year", "date"), ("originalyear", "originaldate")):
            if year in tags:
                tags.setdefault(date, tags[year])
        if "xdor" in tags:
            tags.setdefault("originaldate", tags.pop("xdor"))
        return tags


def _misfit(ids: Sequence[str], key: str, tags: Mapping[str, Sequence[str]]) -> int:
    """How badly the number of ids fits the names: 0 for one id each, most for no name that could have that number."""
    count = len(_IDS.findall(" ".join(ids)))
    for penalty, names in enumerate(tags[name] for name in _NAMES_OF[key] if name in tags):
        if len(names) > 1 and len(names) == count:
            return penalty
        if len(names) == 1:
            parts = len(_JOINTS.split(names[0]))
            if count in (parts, 1):
                return penalty if count == parts else 5 + penalty
    return 9
