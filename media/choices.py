"""Words that the tables and the wire share."""

from __future__ import annotations

from enum import StrEnum


class CoverKind(StrEnum):
    """What a cover is of, by the prefix of its id."""

    ALBUM = "al"
    ARTIST = "ar"
    DISC = "dc"
    TRACK = "mf"
