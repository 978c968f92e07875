"""All artists of albums at once, for clients that show them as one list."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import orjson
from django.db.models import Q

from libraries.catalog_api.artists import COLUMNS, Stats, artist_object, read_now
from libraries.catalog_api.extension import Resource, WireObject, add_keys
from libraries.catalog_api.visible import gathered, libraries_of
from libraries.choices import Role
from libraries.models import LibraryArtist
from navidrome_lib.viewer import Viewer

_COUNTS = ("library", "song_count", "album_count", "size", "stats")


def album_artist_objects(viewer: Viewer) -> list[WireObject]:
    """The artists of albums that a viewer sees, in order of their names, with all that apps add.

    The number of queries does not depend on how many there are, once everything is gathered.
    """
    libraries = libraries_of(viewer)
    gathered(libraries)
    known = Q(stats="") | Q(stats__contains=f'"{Role.ALBUM_ARTIST}":')
    counts = LibraryArtist.objects.filter(known, library__in=libraries, song_count__gt=0).order_by()
    rows: dict[str, tuple[Any, ...]] = {}
    stats: dict[str, list[Stats]] = defaultdict(list)
    late: dict[int, list[str]] = defaultdict(list)
    columns = (*(f"artist__{name}" for name in COLUMNS), *_COUNTS)
    for *row, library, songs, albums, size, text in counts.values_list(*columns):
        rows[row[0]] = tuple(row)
        if text:
            stats[row[0]].append((songs, albums, size, orjson.loads(text)))
        else:
            late[library].append(row[0])
    read_now(late, stats)
    objects = [artist_object(rows[pk], found) for pk, found in stats.items()]
    objects = [each for each in objects if Role.ALBUM_ARTIST in each["stats"]]
    objects.sort(key=lambda each: (each["orderArtistName"], each["id"]))
    add_keys(Resource.ARTIST, objects, viewer)
    return objects
