"""The records of purges of earlier versions, as rows of tracks that are hidden. Frozen: it knows no code of today.

Earlier versions deleted the rows of purged files, and kept what was known of each as JSON. A record names artists,
genres, album and folder by their natural keys; those that exist no more are made again, with their old ids if those
are free.
"""

import base64
from datetime import datetime
from itertools import islice

from django.db import models

from libraries.ids import new_id

BATCH = 500


def hide_purged_files(apps, schema_editor):
    """Write the tracks of all records as missing rows that carry the id of their purge."""
    alias = schema_editor.connection.alias
    purges = apps.get_model("missing", "Purge")._base_manager.using(alias)
    files = apps.get_model("missing", "PurgedFile")._base_manager.using(alias)
    # a purge that died while it wrote its records had removed nothing
    unfinished = purges.filter(done_at=None)
    files.filter(purge__in=unfinished.values("pk")).delete()
    unfinished.delete()
    # a library that is being removed takes its files with it
    files.filter(library__deleted_at__isnull=False).delete()
    last = 0
    while page := list(files.filter(pk__gt=last).order_by("pk")[:BATCH]):
        Tracks(apps, alias).write(page)
        last = page[-1].pk
    files.all().delete()


class Tracks:
    """Writes the tracks of some records, with all that hung on them."""

    def __init__(self, apps, alias):
        self.apps = apps
        self.alias = alias

    def rows(self, app, model):
        return self.apps.get_model(app, model)._base_manager.using(self.alias)

    def write(self, page):
        tracks = self.rows("libraries", "MediaFile")
        taken = set(tracks.filter(pk__in=[row.media_file_id for row in page]).values_list("pk", flat=True))
        purge_of = {row.media_file_id: row.purge_id for row in page if row.media_file_id not in taken}
        records = [row.data for row in page if row.media_file_id not in taken and row.data.get("track")]
        parts = [part for record in records for part in record["participants"]]
        tags = [part for record in records for part in record["genres"]]
        albums = [record["album"] for record in records if record["album"]]
        credited = [part["artist"] for part in parts] + [album["artist"] for album in albums if album["artist"]]
        artists = self.ensure("Artist", ("pid",), credited)
        genres = self.ensure("Genre", ("pid",), [part["genre"] for part in tags])
        folders = self.ensure(
            "Folder", ("library_id", "path_key"), [record["folder"] for record in records],
            # it is not known to exist: a scan that finds it says so
            lambda row: {"missing": True, "digest": ""},
        )
        album_ids = self.ensure(
            "Album", ("library_id", "pid"), albums,
            lambda row: {
                "song_count": 0, "duration": 0.0, "size": 0,
                "artist_id": artists[row["artist"]["pid"],] if row["artist"] else None,
            },
        )
        self.insert("MediaFile", [
            {
                **record["track"],
                "missing": True,
                "purge_id": purge_of[record["track"]["id"]],
                "folder_id": folders[key_of(record["folder"], ("library_id", "path_key"))],
                "album_ref_id": album_ids[key_of(record["album"], ("library_id", "pid"))] if record["album"] else None,
            }
            for record in records
        ])
        self.insert("Participant", [{**part, "artist_id": artists[part["artist"]["pid"],]} for part in parts])
        self.insert("TrackGenre", [{**part, "genre_id": genres[part["genre"]["pid"],]} for part in tags])
        attached = {}
        for record in records:
            for label, rows in record.get("attached", {}).items():
                attached.setdefault(label, []).extend(rows)
        for label, rows in attached.items():
            self.insert_attached(label, rows)

    def ensure(self, name, key, rows, changed=lambda row: {}):
        """The ids of `rows` by their natural key; those that exist no more are made again."""
        wanted = {key_of(row, key): row for row in rows}
        found = self.find(name, key, wanted)
        gone = {natural: row for natural, row in wanted.items() if natural not in found}
        if gone:
            used = set(
                self.rows("libraries", name).filter(pk__in=[row["id"] for row in gone.values()])
                .values_list("pk", flat=True)
            )
            self.insert(name, [
                {**row, **changed(row), "id": new_id() if row["id"] in used else row["id"]} for row in gone.values()
            ])
            found = self.find(name, key, wanted)
        return found

    def find(self, name, key, wanted):
        found = {}
        for piece in pieces(sorted({natural[-1] for natural in wanted})):
            rows = self.rows("libraries", name).filter(**{f"{key[-1]}__in": piece}).values_list("pk", *key)
            found.update({tuple(natural): pk for pk, *natural in rows if tuple(natural) in wanted})
        return found

    def insert(self, name, rows, app="libraries"):
        """New rows with the values of columns that exist today; numbers of rows are given by the database."""
        model = self.apps.get_model(app, name)
        fields = [
            field for field in model._meta.concrete_fields if field.get_internal_type() not in ("AutoField", "BigAutoField")
        ]
        made = [
            model(**{field.attname: decoded(field, row[field.attname]) for field in fields if field.attname in row})
            for row in rows
        ]
        model._base_manager.using(self.alias).bulk_create(made, batch_size=100, ignore_conflicts=True)

    def insert_attached(self, label, rows):
        """What else hung on the tracks, as far as everything that it refers to still exists."""
        try:
            model = self.apps.get_model(label)
        except LookupError:
            return
        for field in model._meta.concrete_fields:
            if isinstance(field, models.ForeignKey):
                wanted = {row[field.attname] for row in rows if row.get(field.attname) is not None}
                manager = field.related_model._base_manager.using(self.alias)
                there = {
                    pk for piece in pieces(sorted(wanted))
                    for pk in manager.filter(pk__in=piece).values_list("pk", flat=True)
                }
                rows = [row for row in rows if row.get(field.attname) is None or row[field.attname] in there]
        self.insert(model.__name__, rows, model._meta.app_label)


def key_of(row, key):
    return tuple(row[name] for name in key)


def pieces(items):
    iterator = iter(items)
    while piece := list(islice(iterator, BATCH)):
        yield piece


def decoded(field, value):
    """A value of a record as the column takes it."""
    if value is None:
        return None
    kind = field.get_internal_type()
    if kind == "BinaryField":
        return base64.b64decode(value)
    if kind == "DateTimeField":
        return datetime.fromisoformat(value)
    return value
