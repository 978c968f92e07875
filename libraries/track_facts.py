"""What hangs on tracks, looked up for many of them at once: who takes part in them, and their genres."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from libraries.models import Participant, TrackGenre
from navidrome_lib.db.bulk import chunks
from navidrome_lib.db.prepared import PreparedIn


class Part(NamedTuple):
    """What an artist does in a track."""

    track: str
    role: str
    sub_role: str
    artist: str
    name: str


_parts: Final = PreparedIn[tuple[str, str, str, str, str]](
    lambda ids: (
        Participant.objects.filter(media_file__in=ids)
        .order_by("position")
        .values_list("media_file", "role", "sub_role", "artist", "artist__name")
    )
)
_genres: Final = PreparedIn[tuple[str, str, str]](
    lambda ids: (
        TrackGenre.objects.filter(media_file__in=ids)
        .order_by("position")
        .values_list("media_file", "genre", "genre__name")
    )
)


def parts_of(track_ids: Iterable[str]) -> Iterator[Part]:
    """Everything that artists do in some tracks, in the order of each track's tags."""
    for piece in chunks(track_ids):
        yield from map(Part._make, _parts.rows(piece))


def genres_of(track_ids: Iterable[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The genres of some tracks: each the id of the track, and the genre as the wire has it."""
    for piece in chunks(track_ids):
        for track, pk, name in _genres.rows(piece):
            yield track, {"id": pk, "name": name}


def participant(artist: str, name: str, missing: bool, sub_role: str = "") -> dict[str, Any]:
    """An artist as the objects of the wire name those who take part."""
    found: dict[str, Any] = {"id": artist, "name": name, "missing": missing}
    if sub_role:
        found["subRole"] = sub_role
    return found
