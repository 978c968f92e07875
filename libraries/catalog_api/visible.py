"""What a viewer can see of the catalog, and what the objects of a page have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import orjson

from libraries.models import Library
from libraries.models.artist import LibraryArtist, Participant
from libraries.models.genre import TrackGenre
from navidrome_lib.db.bulk import chunks
from navidrome_lib.viewer import Viewer

JSON: Final = orjson.OPT_UTC_Z
NO_TIME: Final = "0001-01-01T00:00:00Z"
# what a date of the wire can be
_LAST_SECOND: Final = 253_402_300_799


class LibraryFacts(NamedTuple):
    """What objects say of their library."""

    path: str
    name: str


def libraries_of(viewer: Viewer) -> dict[int, LibraryFacts]:
    """The libraries that a viewer can access, by their ids."""
    rows = Library.objects.visible_to(viewer).order_by().values_list("pk", "path", "name")
    return {pk: LibraryFacts(path, name) for pk, path, name in rows}


def file_time(ns: int) -> datetime | str:
    """The time of a file, from its nanoseconds since 1970; one that no calendar has is that of none."""
    seconds = ns / 1_000_000_000
    return datetime.fromtimestamp(seconds, UTC) if 0 <= seconds <= _LAST_SECOND else NO_TIME


class Part(NamedTuple):
    """What an artist does in a track."""

    track: str
    role: str
    sub_role: str
    artist: str
    name: str


def parts_of(track_ids: Iterable[str]) -> Iterator[Part]:
    """Everything that artists do in some tracks, in the order of each track's tags."""
    for piece in chunks(track_ids):
        rows = Participant.objects.filter(media_file__in=piece).order_by("position")
        yield from map(Part._make, rows.values_list("media_file", "role", "sub_role", "artist", "artist__name"))


def genres_of(track_ids: Iterable[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The genres of some tracks: each the id of the track, and the genre as the wire has it."""
    for piece in chunks(track_ids):
        rows = TrackGenre.objects.filter(media_file__in=piece).order_by("position")
        for track, pk, name in rows.values_list("media_file", "genre", "genre__name"):
            yield track, {"id": pk, "name": name}


def present_artists(artist_ids: Collection[str], libraries: Collection[int]) -> set[str]:
    """Those of some artists that take part in a track that is there, in libraries that can be seen."""
    found: set[str] = set()
    for piece in chunks(sorted(artist_ids)):
        rows = LibraryArtist.objects.filter(artist__in=piece, library__in=libraries, song_count__gt=0).order_by()
        found.update(rows.values_list("artist", flat=True))
    return found


def participant(artist: str, name: str, missing: bool, sub_role: str = "") -> dict[str, Any]:
    """An artist as the objects of the wire name those who take part."""
    found: dict[str, Any] = {"id": artist, "name": name, "missing": missing}
    if sub_role:
        found["subRole"] = sub_role
    return found
