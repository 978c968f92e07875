"""Words that the tables and the wire share."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class CoverKind(StrEnum):
    """What a cover is of, by the prefix of its id."""

    ALBUM = "al"
    ARTIST = "ar"
    DISC = "dc"
    TRACK = "mf"
    PLAYLIST = "pl"


# those that have a picture of their own; the others are made of these
NOTED: Final = (CoverKind.ALBUM, CoverKind.ARTIST, CoverKind.DISC, CoverKind.TRACK)
