"""All that is known of tracks as plain JSON: what the export of a purge shows.

A record has the whole rows of artists, genres, album and folder beside their ids, so that it can be understood without
this database.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import QuerySet

from libraries.cleanup import TRACK_DEPENDENTS
from libraries.models import Album, Artist, Folder, Genre, MediaFile, Participant, TrackGenre
from navidrome_lib.db.attached import attachments_of
from navidrome_lib.db.bulk import chunks

Record = dict[str, Any]
Row = Mapping[str, Any]


def attached_models() -> list[type[models.Model]]:
    """The tables of what else hangs on tracks, whose rows are copied as they are."""
    own = [model for model in TRACK_DEPENDENTS if model not in (Participant, TrackGenre)]
    return [*own, *(attachment.model for attachment in attachments_of(MediaFile))]


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
    """One record per track of `ids` that exists; a constant number of queries per 500."""
    tracks = [row for piece in chunks(ids) for row in read_rows(MediaFile, MediaFile.objects.filter(pk__in=piece))]
    known = [row["id"] for row in tracks]
    people, genres = of_tracks(Participant, known), of_tracks(TrackGenre, known)
    attached = {model: of_tracks(model, known) for model in attached_models()}
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
