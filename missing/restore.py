"""Rows out of records: the way back from a purge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models

from libraries.bulk import chunks, hold_rows, insert_new_rows, insert_rows
from libraries.ids import new_id
from libraries.models import Album, Artist, Folder, Genre, MediaFile, Participant, TrackGenre
from libraries.search import refresh_songs
from missing.models import PurgedFile
from missing.records import Record, Row, Writer

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Occupied:
    """A restored file whose place another file has taken meanwhile."""

    id: str
    path: str
    song_id: str


@dataclass(frozen=True)
class Refused:
    """A file that could not be restored; its record stays in the purge."""

    id: str
    path: str
    reason: str


def restore_files(files: Sequence[PurgedFile]) -> tuple[list[PurgedFile], list[Occupied], list[Refused]]:
    """Bring some tracks back, as missing ones. To be called in a transaction, for at most some hundred."""
    there = set(MediaFile.objects.filter(pk__in=[row.media_file_id for row in files]).values_list("pk", flat=True))
    back = [row for row in files if row.media_file_id not in there]
    refused = [
        Refused(row.media_file_id, row.path, "A file with this id exists already.")
        for row in files
        if row.media_file_id in there
    ]
    records: list[Record] = [row.data for row in back]
    restore_tracks(records)
    return back, find_occupied(records), refused


def restore_tracks(records: Sequence[Record]) -> None:
    """Insert the rows of these records; what they refer to is found by its natural key, or made anew."""
    albums = [record["album"] for record in records if record["album"]]
    parts = [part for record in records for part in record["participants"]]
    credited = [part["artist"] for part in parts] + [album["artist"] for album in albums if album["artist"]]
    artists = ensure(Artist, ("pid",), credited)
    tags = [part for record in records for part in record["genres"]]
    genres = ensure(Genre, ("pid",), [part["genre"] for part in tags])
    # a folder that is made anew is not known to exist: a scan that finds it says so
    folders = ensure(
        Folder, ("library_id", "path_key"), [record["folder"] for record in records], missing=True, digest=""
    )
    look_again(folders.values())
    album_ids = ensure(
        Album, ("library_id", "pid"), albums, song_count=0, duration=0.0, size=0,
        artist_id=lambda album: artists[(album["artist"]["pid"],)] if album["artist"] else None,
    )  # fmt: skip
    writer = Writer(MediaFile)
    rows = [
        writer.values(
            record["track"],
            folder_id=folders[key_of(record["folder"], ("library_id", "path_key"))],
            album_ref_id=album_ids[key_of(record["album"], ("library_id", "pid"))] if record["album"] else None,
        )
        for record in records
    ]
    insert_rows(MediaFile, writer.names, rows)
    refresh_songs([record["track"]["id"] for record in records])
    hold_rows(Artist, artists.values())
    hold_rows(Genre, genres.values())
    restore_parts(Participant, parts, lambda part: {"artist_id": artists[(part["artist"]["pid"],)]})
    restore_parts(TrackGenre, tags, lambda part: {"genre_id": genres[(part["genre"]["pid"],)]})
    restore_attached(records)


def key_of(row: Row, key: Sequence[str]) -> Key:
    return tuple(row[name] for name in key)


def ensure(model: type[models.Model], key: Sequence[str], rows: Iterable[Row], **changed: Any) -> dict[Key, str]:
    """The ids of `rows` by their natural key, which ends in a digest; rows that are gone are made anew, with their
    old id. A value of `changed` may be a function of the row."""
    wanted = {key_of(row, key): row for row in rows}
    found = find(model, key, wanted)
    gone = sorted((name for name in wanted if name not in found), key=repr)
    writer = Writer(model)

    def values(row: Row, **more: Any) -> list[Any]:
        now = {name: value(row) if callable(value) else value for name, value in changed.items()}
        return writer.values(row, **now, **more)

    # two rounds: a scan may make the same row at the same time, and in the second the old id may belong to another
    for fresh in ({}, {"id": new_id}):
        if gone:
            more = [{name: make() for name, make in fresh.items()} for _ in gone]
            insert_new_rows(
                model, writer.names, [values(wanted[name], **ids) for name, ids in zip(gone, more, strict=True)]
            )
            found = find(model, key, wanted)
            gone = [name for name in gone if name not in found]
    return found


def find(model: type[models.Model], key: Sequence[str], wanted: Mapping[Key, Row]) -> dict[Key, str]:
    """The ids of the rows that exist."""
    found: dict[Key, str] = {}
    for piece in chunks(sorted({name[-1] for name in wanted})):
        rows = model._default_manager.filter(**{f"{key[-1]}__in": piece}).values_list("pk", *key)
        found.update({tuple(name): pk for pk, *name in rows if tuple(name) in wanted})
    return found


def look_again(folder_ids: Iterable[str]) -> None:
    """Let the next quick scan compare these folders file by file."""
    for piece in chunks(sorted(folder_ids)):
        Folder.objects.filter(pk__in=piece).update(digest="")


def restore_parts(model: type[models.Model], parts: Sequence[Row], ids: Callable[[Row], dict[str, str]]) -> None:
    """Insert participants or genres of tracks."""
    writer = Writer(model, without=("id",))
    insert_rows(model, writer.names, [writer.values(part, **ids(part)) for part in parts])


def restore_attached(records: Sequence[Record]) -> None:
    """Insert what else hung on the tracks, as far as everything that it refers to still exists."""
    rows: dict[str, list[Row]] = {}
    for record in records:
        for label, found in record["attached"].items():
            rows.setdefault(label, []).extend(found)
    for label, found in rows.items():
        model = apps.get_model(label)
        for field in model._meta.concrete_fields:
            if isinstance(field, models.ForeignKey):
                found = still_valid(field, found)
        restore_parts(model, found, lambda part: {})


def still_valid(field: models.ForeignKey[Any, Any], rows: Sequence[Row]) -> list[Row]:
    """Those of `rows` whose `field` refers to something that exists."""
    wanted = sorted({row[field.attname] for row in rows if row[field.attname] is not None})
    manager = field.related_model._default_manager
    there = {pk for piece in chunks(wanted) for pk in manager.filter(pk__in=piece).values_list("pk", flat=True)}
    return [row for row in rows if row[field.attname] is None or row[field.attname] in there]


def find_occupied(records: Sequence[Record]) -> list[Occupied]:
    """Those of the restored tracks at whose place there is a present file."""
    ids = [record["track"]["id"] for record in records]
    restored = MediaFile.objects.filter(pk__in=ids)
    places = {
        (folder, bytes(name)): (pk, path)
        for pk, folder, name, path in restored.values_list("pk", "folder_id", "name_bytes", "path")
    }
    found = []
    for piece in chunks(sorted({folder for folder, _ in places})):
        present = MediaFile.objects.filter(folder__in=piece).present().values_list("pk", "folder_id", "name_bytes")
        for song, folder, name in present.iterator(5000):
            if (folder, bytes(name)) in places:
                found.append(Occupied(*places[folder, bytes(name)], song))
    return sorted(found, key=lambda one: one.path)
