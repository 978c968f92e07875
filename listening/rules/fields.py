"""The fields that rules can be about, by the names that Navidrome gives them. It knows no Django."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from libraries.choices import Role

RANDOM: Final = "random"


class Kind(Enum):
    """What the values of a field are."""

    TEXT = auto()
    # several texts, of which one may meet a rule: tags, genres, people in a role
    VALUES = auto()
    NUMBER = auto()
    TRUTH = auto()
    # an instant
    MOMENT = auto()
    # a date as tags have it, more or less exact: "1998", "1998-11"
    DAY = auto()
    PLAYLIST = auto()


@dataclass(frozen=True)
class Field:
    """A field: `source` says where its values are, in words of `conditions`; `sort` by which column it is sorted."""

    name: str
    kind: Kind
    source: str
    sort: str = ""

    @property
    def order(self) -> str:
        """What tracks are in order of that are sorted by this field."""
        return self.sort or self.source


# name, column, and the column to sort by where that is another one
_TEXTS: Final = (
    ("title", "title", "order_title"), ("album", "album", "order_album"), ("sorttitle", "sort_title", ""),
    ("sortalbum", "sort_album", ""), ("sortartist", "sort_artist", ""), ("sortalbumartist", "sort_album_artist", ""),
    ("discsubtitle", "disc_subtitle", ""), ("comment", "comment", ""), ("filepath", "path", ""),
    ("filetype", "suffix", ""), ("codec", "codec", ""), ("mbz_recording_id", "mbz_recording_id", ""),
    ("mbz_track_id", "mbz_track_id", ""), ("mbz_release_track_id", "mbz_track_id", ""),
    ("mbz_album_id", "mbz_album_id", ""), ("mbz_release_group_id", "album_ref__mbz_release_group_id", ""),
)  # fmt: skip
_NUMBERS: Final = (
    ("tracknumber", "track_number"), ("discnumber", "disc_number"), ("year", "year"),
    ("originalyear", "original_year"), ("releaseyear", "release_year"), ("size", "size"), ("duration", "duration"),
    ("bitrate", "bit_rate"), ("bitdepth", "bit_depth"), ("samplerate", "sample_rate"), ("bpm", "bpm"),
    ("channels", "channels"), ("library_id", "library"), ("rating", "my_rating"), ("playcount", "my_play_count"),
    ("averagerating", "average_rating"), ("albumrating", "my_album_rating"),
    ("albumplaycount", "my_album_play_count"),
)  # fmt: skip
_TRUTHS: Final = (
    ("compilation", "compilation"), ("hascoverart", "has_picture"), ("haslyrics", "has_lyrics"),
    ("missing", "missing"), ("loved", "my_starred_at"), ("albumloved", "my_album_starred_at"),
)  # fmt: skip
_MOMENTS: Final = (
    ("dateadded", "created_at"), ("datemodified", "mtime_ns"), ("dateloved", "my_starred_at"),
    ("daterated", "my_rated_at"), ("lastplayed", "my_play_date"), ("albumdateloved", "my_album_starred_at"),
    ("albumlastplayed", "my_album_play_date"),
)  # fmt: skip
_DAYS: Final = (("date", "date"), ("originaldate", "original_date"), ("releasedate", "release_date"))
# name → tag as the catalog keeps it
_TAGS: Final = (
    "albumversion", "asin", "barcode", "copyright", "encodedby", "encodersettings", "explicitstatus", "grouping",
    "isrc", "key", "language", "license", "lyrics", "media", "mood", "movement", "movementname", "releasecountry",
    "releasestatus", "releasetype", "script", "subtitle", "website", "work", "catalognumber",
)  # fmt: skip
_TAG_NAMES: Final = {"albumtype": "releasetype", "albumcomment": "albumversion", "recordlabel": "label"}


def _fields() -> Iterator[Field]:
    yield from (Field(name, Kind.TEXT, source, sort) for name, source, sort in _TEXTS)
    yield from (Field(name, Kind.NUMBER, source) for name, source in _NUMBERS)
    yield from (Field(name, Kind.TRUTH, source) for name, source in _TRUTHS)
    yield from (Field(name, Kind.MOMENT, source) for name, source in _MOMENTS)
    yield from (Field(name, Kind.DAY, source) for name, source in _DAYS)
    yield from (Field(name, Kind.VALUES, f"tag:{name}") for name in _TAGS)
    yield from (Field(name, Kind.VALUES, f"tag:{tag}") for name, tag in _TAG_NAMES.items())
    yield Field("genre", Kind.VALUES, "genre")
    for role in Role:
        if role not in (Role.ARTIST, Role.ALBUM_ARTIST):
            yield Field(str(role), Kind.VALUES, f"role:{role}")
    # people are known by the names of their rows, and by the text of the tag
    yield Field("artist", Kind.TEXT, f"role:{Role.ARTIST}", "order_artist")
    yield Field("albumartist", Kind.TEXT, f"role:{Role.ALBUM_ARTIST}", "order_album_artist")
    yield Field("playlist", Kind.PLAYLIST, "playlist")
    yield Field(RANDOM, Kind.NUMBER, RANDOM)


FIELDS: Final[Mapping[str, Field]] = {field.name: field for field in _fields()}


def field_of(name: str) -> Field | None:
    """The field with this name, in any case; None for one that rules cannot name."""
    found = FIELDS.get(name.lower())
    return None if found is None or found.kind is Kind.PLAYLIST else found
