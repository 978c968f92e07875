"""All that is known of tracks as plain JSON, and back into rows: what a purge keeps, an undo uses and an export shows.

A record names artists, genres, album and folder by their natural keys beside their ids, so that it can be brought back
after those rows were pruned, or exist anew under other ids.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from django.db import connection, models
from django.db.models import QuerySet

from libraries.bulk import chunks, moment
from libraries.maintenance import TRACK_DEPENDENTS
from libraries.models import Album, Artist, Folder, Genre, MediaFile, Participant, TrackGenre

Record = dict[str, Any]
Row = Mapping[str, Any]

# what else hangs on tracks, copied as it is
ATTACHED = tuple(model for model in TRACK_DEPENDENTS if model not in (Participant, TrackGenre))


def columns(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """The fields of `model` that are columns of its table."""
    return list(model._meta.concrete_fields)


def encoders(model: type[models.Model]) -> dict[str, Callable[[Any], Any]]:
    """How to write those columns that JSON has no form for."""
    return {
        field.attname: base64_text if field.get_internal_type() == "BinaryField" else iso
        for field in columns(model)
        if field.get_internal_type() in ("BinaryField", "DateTimeField")
    }


def base64_text(value: bytes | memoryview | None) -> str | None:
    return None if value is None else base64.b64encode(bytes(value)).decode()


def iso(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


def read_rows(model: type[models.Model], rows: QuerySet[Any]) -> list[Record]:
    """`rows` with all their columns, ready for JSON."""
    special = encoders(model)
    found: list[Record] = list(rows.order_by().values(*(field.attname for field in columns(model))))
    for row in found:
        for name, encode in special.items():
            row[name] = encode(row[name])
    return found


def by_id(model: type[models.Model], ids: Iterable[str | None]) -> dict[str, Record]:
    """The rows of these ids."""
    wanted = sorted({pk for pk in ids if pk})
    manager = model._default_manager
    return {row["id"]: row for piece in chunks(wanted) for row in read_rows(model, manager.filter(pk__in=piece))}


def of_tracks(model: type[models.Model], ids: Sequence[str]) -> dict[str, list[Record]]:
    """The rows of `model` that hang on these tracks, by track."""
    found: dict[str, list[Record]] = defaultdict(list)
    for piece in chunks(ids):
        for row in read_rows(model, model._default_manager.filter(media_file__in=piece)):
            found[row["media_file_id"]].append(row)
    return found


def read_records(ids: Sequence[str]) -> list[Record]:
    """One record per missing track of `ids`; a constant number of queries per 500."""
    tracks = [
        row for piece in chunks(ids) for row in read_rows(MediaFile, MediaFile.objects.filter(pk__in=piece).missing())
    ]
    known = [row["id"] for row in tracks]
    people, genres = of_tracks(Participant, known), of_tracks(TrackGenre, known)
    attached = {model: of_tracks(model, known) for model in ATTACHED}
    folders = by_id(Folder, (row["folder_id"] for row in tracks))
    albums = by_id(Album, (row["album_ref_id"] for row in tracks))
    credited = (part["artist_id"] for parts in people.values() for part in parts)
    artists = by_id(Artist, [*credited, *(album["artist_id"] for album in albums.values())])
    named = by_id(Genre, (part["genre_id"] for parts in genres.values() for part in parts))
    return [
        {
            "track": row,
            "folder": folders[row["folder_id"]],
            "album": with_artist(albums.get(row["album_ref_id"]), artists),
            "participants": [{**part, "artist": artists[part["artist_id"]]} for part in people.get(row["id"], ())],
            "genres": [{**part, "genre": named[part["genre_id"]]} for part in genres.get(row["id"], ())],
            "attached": {
                model._meta.label_lower: found[row["id"]] for model, found in attached.items() if row["id"] in found
            },
        }
        for row in tracks
    ]


def with_artist(album: Record | None, artists: Mapping[str, Record]) -> Record | None:
    """An album with the artist that it names."""
    return None if album is None else {**album, "artist": artists.get(album["artist_id"] or "")}


class Writer:
    """Turns a row of a record into the values of a table's columns, in the order of `names`.

    A column that the record lacks (it is younger) gets its default; one that the table lacks is left out.
    """

    def __init__(self, model: type[models.Model], *, without: Sequence[str] = ()) -> None:
        fields = [field for field in columns(model) if field.attname not in without]
        self.names = [str(field.column) for field in fields]
        self._columns = [(field.attname, field, decoder(field)) for field in fields]

    def values(self, row: Row, **changed: Any) -> list[Any]:
        """The values of one row; `changed` (by column) wins."""
        values = []
        for name, field, decode in self._columns:
            if name in changed:
                values.append(changed[name])
            elif name in row:
                value = row[name]
                values.append(value if decode is None or value is None else decode(value))
            else:
                values.append(field.get_db_prep_save(field.get_default(), connection))
        return values


@lru_cache(maxsize=4096)
def stored_moment(text: str) -> Any:
    """An instant as the database takes it; a scan gives the same one to many rows."""
    return moment(datetime.fromisoformat(text))


def decoder(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    """From what `read_rows` wrote to what the database takes; None where that is the same."""
    kind = field.get_internal_type()
    if kind == "BinaryField":
        return base64.b64decode
    if kind == "DateTimeField":
        return stored_moment
    if kind == "JSONField":
        return lambda value: orjson.dumps(value).decode()
    return None
