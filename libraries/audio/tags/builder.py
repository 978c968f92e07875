"""The builder that collects cleaned values of tags under canonical keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from libraries.audio.tags.names import MAX_NAME_CHARS, NUMBERED, ROLES, canonical_key, plain_key, squash
from libraries.audio.tags.text import MAX_VALUE_BYTES, clean

MAX_VALUES: Final = 200
MAX_KEYS: Final = 500
# text of fewer characters is never longer than MAX_VALUE_BYTES
_SHORT: Final = MAX_VALUE_BYTES // 4


class TagBuilder:
    """Collects values under canonical keys; whatever is added, the result is clean and bounded."""

    __slots__ = ("has_lyrics", "has_picture", "tags")

    def __init__(self) -> None:
        self.tags: dict[str, list[str]] = {}
        self.has_picture = False
        self.has_lyrics = False

    def add(self, key: str, values: Iterable[str]) -> None:
        """Add values under a canonical key; empty ones and repetitions are left out."""
        found = self.tags.get(key)
        if found is None:
            if len(self.tags) >= MAX_KEYS:
                return
            found = []
        for value in values:
            # the short way for nearly all of them
            text = value.strip() if len(value) <= _SHORT and value.isprintable() else clean(value)
            if text and text not in found and len(found) < MAX_VALUES:
                found.append(text)
        if found and key:
            self.tags[key] = found

    def add_text(self, key: str, text: str) -> None:
        """Add the values of a text, which are separated by NULs, under a canonical key."""
        if "\0" in text:
            self.add(key, text.rstrip("\0").split("\0"))
        else:
            self.add_one(key, text)

    def add_one(self, key: str, text: str) -> None:
        """Add one value under a canonical key."""
        tags = self.tags
        if key not in tags and text.isprintable() and len(text) <= _SHORT and len(tags) < MAX_KEYS:
            if key and (text := text.strip()):
                tags[key] = [text]
        else:
            self.add(key, (text,))

    def add_named(self, name: str, values: Iterable[str]) -> None:
        """Add values under a free-form name."""
        key = canonical_key(name[:MAX_NAME_CHARS])
        if key == "lyrics":
            self.has_lyrics = self.has_lyrics or any(value.strip() for value in values)
        elif key.startswith("performer:"):
            self.add_people("performer", ((key.partition(":")[2], value) for value in values))
        elif key in NUMBERED:
            self.add_numbered(*NUMBERED[key], values)
        else:
            self.add(key, values)

    def add_named_text(self, name: str, text: str) -> None:
        """Add the values of a text, which are separated by NULs, under a free-form name."""
        if key := plain_key(name[:MAX_NAME_CHARS]):
            self.add_text(key, text)
        else:
            self.add_named(name, text.rstrip("\0").split("\0"))

    def add_numbered(self, number: str, total: str, values: Iterable[str]) -> None:
        """Add "3/12" as a number and a total."""
        for value in values:
            first, _, second = value.partition("/")
            self.add_one(number, first)
            if second:
                self.add_one(total, second)

    def add_people(self, fallback: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Add (role, name) pairs: known roles under their own key, others as "name (role)" under the fallback."""
        for role, name in pairs:
            known = ROLES.get(squash(role))
            name = clean(name)
            if known and fallback != "performer":
                self.add(known, (name,))
            elif name:
                role = clean(role)
                self.add("performer", (f"{name} ({role})" if role else name,))

    def fill(self, other: TagBuilder) -> None:
        """Take over what another source knows and this one does not."""
        for key, values in other.tags.items():
            if key not in self.tags and len(self.tags) < MAX_KEYS:
                self.tags[key] = values
        self.has_picture = self.has_picture or other.has_picture
        self.has_lyrics = self.has_lyrics or other.has_lyrics

    def finish(self) -> dict[str, list[str]]:
        """The collected tags, with the year standing in for an absent date."""
        for year, date in (("year", "date"), ("originalyear", "originaldate")):
            if year in self.tags:
                self.tags.setdefault(date, self.tags[year])
        return self.tags
