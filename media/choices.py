"""Words that the tables and the wire share."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from navidrome_lib.config import external


class CoverKind(StrEnum):
    """What a cover is of, by the prefix of its id."""

    ALBUM = "al"
    ARTIST = "ar"
    DISC = "dc"
    TRACK = "mf"
    PLAYLIST = "pl"
    RADIO = "ra"


# those that people can give a picture to
GIVEN: Final = (CoverKind.ARTIST, CoverKind.PLAYLIST, CoverKind.RADIO)


class Source(StrEnum):
    """A service outside that is asked about albums and artists; the values are those of the option."""

    LASTFM = external.LASTFM
    LISTENBRAINZ = external.LISTENBRAINZ
    MUSICBRAINZ = external.MUSICBRAINZ
    COVER_ART_ARCHIVE = external.COVER_ART_ARCHIVE
