"""The tags that clients see: canonical names of ours, and the names that clients know them by. No Django."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

# what has no key of its own in a song; where the names differ, behind the colon that of the wire
_SONG_NAMES: Final = (
    "albumversion", "asin", "barcode", "copyright", "disctotal", "encodedby", "encodersettings", "grouping", "isrc",
    "language", "label:recordlabel", "license", "media", "mood", "movement", "movementname", "movementtotal",
    "releasecountry", "releasestatus", "releasetype", "script", "subtitle", "tracktotal", "website", "work",
)  # fmt: skip

GENRE: Final = "genre"
SONG_TAGS: Final[Mapping[str, str]] = {
    known: shown or known for known, _, shown in (name.partition(":") for name in _SONG_NAMES)
}
"""Canonical name → name on the wire."""

# those that say something of a whole album
ALBUM_TAGS: Final = frozenset(
    {
        GENRE, "albumversion", "disctotal", "grouping", "media", "mood", "recordlabel", "releasecountry",
        "releasestatus", "releasetype", "tracktotal",
    }
)  # fmt: skip

TagsOfFile = Mapping[str, Sequence[str]]

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LENGTH: Final = 22


def shown_tags(tags: TagsOfFile, genres: Sequence[str]) -> dict[str, list[str]]:
    """The tags of a song as clients see them; the genres are those that the catalog has made of theirs."""
    found = {SONG_TAGS[name]: list(values) for name, values in tags.items() if name in SONG_TAGS}
    if genres:
        found[GENRE] = list(genres)
    return found


def tag_id(name: str, value: str) -> str:
    """The id of a value of a tag other than the genre: 22 letters and digits, the same in every catalog."""
    data = f"{name}\0{value}".encode("utf-8", "replace")
    number = int.from_bytes(hashlib.blake2b(data, digest_size=16, person=b"tag").digest(), "big")
    signs = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        signs.append(_DIGITS[digit])
    return "".join(signs)


def explicit_status(tags: TagsOfFile) -> str:
    """`e` explicit, `c` clean, or nothing, of the advisory of iTunes."""
    value = tags.get("explicitstatus", ("",))[0]
    return {"1": "e", "4": "e", "2": "c", "explicit": "e", "clean": "c"}.get(value.strip().lower(), "")


def first_of(tags: TagsOfFile, name: str) -> str:
    """The first value of a tag, or an empty text."""
    values = tags.get(name)
    return values[0] if values else ""
