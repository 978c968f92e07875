"""A small catalog written straight into the tables, with everything that a track can have."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from django.db import models

from libraries.models import Album, Artist, Folder, Genre, Library, MediaFile, Participant, TrackGenre
from navidrome_lib.db.ids import first_id

LONG_AGO = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
SEEN = datetime(2026, 2, 2, 3, 4, 5, tzinfo=UTC)
GONE = datetime(2026, 3, 2, 3, 4, 5, tzinfo=UTC)
TABLES: tuple[type[models.Model], ...] = (Folder, Album, Artist, Genre, MediaFile, Participant, TrackGenre)


def digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def make_artist(name: str) -> Artist:
    defaults = {"name": name, "created_at": LONG_AGO, "updated_at": LONG_AGO}
    return Artist.objects.get_or_create(pid=digest(name), defaults=defaults)[0]


def make_genre(name: str) -> Genre:
    """A genre whose id is as old as everything else here: young ones are never pruned."""
    old_id = first_id(LONG_AGO)[:11] + digest(name)[:11]
    return Genre.objects.get_or_create(pid=digest(name), defaults={"id": old_id, "name": name})[0]


def make_folder(library: Library, path: str, **fields: Any) -> Folder:
    raw = path.encode("utf-8", "surrogateescape")
    defaults = {"path": path.encode("utf-8", "replace").decode(), "path_bytes": raw, "created_at": LONG_AGO, **fields}
    return Folder.objects.get_or_create(library=library, path_key=digest(path), defaults=defaults)[0]


def make_album(library: Library, name: str, artist: str, **fields: Any) -> Album:
    defaults = {
        "name": name, "album_artist": artist, "artist": make_artist(artist), "created_at": LONG_AGO,
        "updated_at": LONG_AGO, **fields,
    }  # fmt: skip
    return Album.objects.get_or_create(library=library, pid=digest(f"{artist}/{name}"), defaults=defaults)[0]


def make_track(
    library: Library,
    path: str,
    *,
    artist: str = "Ada",
    album: str = "First",
    genre: str = "Rock",
    missing: bool = True,
    **fields: Any,
) -> MediaFile:
    """One track, missing unless said otherwise; the totals of the library follow."""
    folder, _, name = path.rpartition("/")
    clean = path.encode("utf-8", "replace").decode()
    gone = {"missing": True, "missing_since": GONE, "last_seen_at": SEEN} if missing else {}
    values = {
        "library": library, "folder": make_folder(library, folder), "album_ref": make_album(library, album, artist),
        "path": clean, "name_bytes": name.encode("utf-8", "surrogateescape"), "suffix": "mp3", "size": 1000,
        "mtime_ns": 5, "title": clean.rpartition("/")[2].rpartition(".")[0], "album": album, "artist": artist,
        "album_artist": artist, "genre": genre, "tags": {"artist": [artist], "odd": ["“ü” 🎵"]}, "duration": 2.5,
        "rg_track_gain": -7.25, "created_at": LONG_AGO, "updated_at": LONG_AGO, **gone, **fields,
    }  # fmt: skip
    track = MediaFile.objects.create(**values)
    for position, role in enumerate(("artist", "albumartist")):
        Participant.objects.create(media_file=track, artist=make_artist(artist), role=role, position=position)
    TrackGenre.objects.create(media_file=track, genre=make_genre(genre))
    if missing:
        Library.objects.filter(pk=library.pk).update(total_missing_files=models.F("total_missing_files") + 1)
    return track


def make_many(library: Library, count: int, *, per_album: int = 10) -> list[str]:
    """Many missing tracks in few statements; returns their ids."""
    artist = make_artist("Ada")
    genre = make_genre("Rock")
    tracks = []
    for numbers in _groups(count, per_album):
        name = f"Album {numbers[0] // per_album:05}"
        folder, album = make_folder(library, f"Ada/{name}"), make_album(library, name, "Ada")
        tracks += [
            MediaFile(
                library=library, folder=folder, album_ref=album, path=f"Ada/{name}/{n:05}.mp3",
                name_bytes=f"{n:05}.mp3".encode(), suffix="mp3", size=1000, mtime_ns=5, title=f"Song {n:05}",
                album=name, artist="Ada", album_artist="Ada", tags={"artist": ["Ada"], "title": [f"Song {n:05}"]},
                duration=2.5, missing=True, missing_since=GONE, last_seen_at=SEEN, created_at=LONG_AGO,
                updated_at=LONG_AGO,
            )
            for n in numbers
        ]  # fmt: skip
    MediaFile.objects.bulk_create(tracks, batch_size=500)
    Participant.objects.bulk_create(
        [
            Participant(media_file=track, artist=artist, role=role, position=position)
            for track in tracks
            for position, role in enumerate(("artist", "albumartist"))
        ],
        batch_size=500,
    )
    TrackGenre.objects.bulk_create([TrackGenre(media_file=track, genre=genre) for track in tracks], batch_size=500)
    Library.objects.filter(pk=library.pk).update(total_missing_files=count)
    return [track.pk for track in tracks]


def _groups(count: int, size: int) -> list[list[int]]:
    return [list(range(start, min(start + size, count))) for start in range(0, count, size)]


def dump(*, without: tuple[str, ...] = ()) -> dict[str, list[dict[str, Any]]]:
    """Every row of the catalog, without the numbers that the database gives."""
    found = {}
    for model in TABLES:
        numbered = model._meta.pk.get_internal_type() == "BigAutoField"
        names = [f.attname for f in model._meta.concrete_fields if not (numbered and f.primary_key)]
        names = [name for name in names if name not in without]
        rows = [
            {name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()}
            for row in model._default_manager.order_by().values(*names)
        ]
        found[model.__name__] = sorted(rows, key=repr)
    return found
