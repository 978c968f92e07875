"""What the objects of songs, albums, artists and tags have in common."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final

import orjson

from libraries.gathering import gather
from libraries.models import LibraryArtist
from libraries.visible import LibraryFacts
from navidrome_lib.db.bulk import chunks

# albums and artists
GATHERED_BY_A_LIST: Final = 500
JSON: Final = orjson.OPT_UTC_Z
NO_TIME: Final = "0001-01-01T00:00:00Z"
# libraries of which nothing was left to gather, as they were then
_whole: Final[dict[int, LibraryFacts]] = {}
# what a date of the wire can be
_LAST_SECOND: Final = 253_402_300_799


def file_time(ns: int) -> datetime | str:
    """The time of a file, from its nanoseconds since 1970; one that no calendar has is that of none."""
    seconds = ns / 1_000_000_000
    return datetime.fromtimestamp(seconds, UTC) if 0 <= seconds <= _LAST_SECOND else NO_TIME


def present_artists(artist_ids: Collection[str], libraries: Collection[int]) -> set[str]:
    """Those of some artists that take part in a track that is there, in libraries that can be seen."""
    found: set[str] = set()
    for piece in chunks(sorted(artist_ids)):
        rows = LibraryArtist.objects.filter(artist__in=piece, library__in=libraries, song_count__gt=0).order_by()
        found.update(rows.values_list("artist", flat=True))
    return found


def gathered(libraries: Mapping[int, LibraryFacts]) -> bool:
    """Gather what no worker has gathered yet of some libraries, as far as a list can wait for it. True: that is all.

    `libraries` with what was known of them before. One that has not changed since all was gathered is not looked at
    again: what clears something raises the revision with it.
    """
    late = {pk: facts for pk, facts in libraries.items() if _whole.get(pk) != facts}
    if not late:
        return True
    if not gather(late, most=GATHERED_BY_A_LIST):
        return False
    _whole.update(late)
    return True
