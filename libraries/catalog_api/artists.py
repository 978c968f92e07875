"""Artists as objects of the wire."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import orjson
from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from libraries.catalog_api.common import gathered
from libraries.catalog_api.extension import Asked, Resource, Sort, WireObject, add_keys
from libraries.gathering import role_stats
from libraries.models import Artist, LibraryArtist
from libraries.order_names import order_name
from libraries.visible import LibraryFacts, library_facts
from navidrome_lib.db.bulk import chunks
from navidrome_lib.db.prepared import PreparedIn
from navidrome_lib.viewer import Viewer

_PLAIN: Final = {
    "id": "id",
    "name": "name",
    "orderArtistName": "order_name",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
}
_TEXTS: Final = {"sortArtistName": "sort_name", "mbzArtistId": "mbz_artist_id"}
_KEYS: Final = (*_PLAIN, *_TEXTS)
COLUMNS: Final = (*_PLAIN.values(), *_TEXTS.values())
Stats = tuple[int, int, int, Mapping[str, Sequence[int]]]
"""What an artist does in one library: songs, albums and bytes, and the same role by role."""


# an artist for each library that it is in, mostly one: with its row it takes one query
_known: Final = PreparedIn[tuple[Any, ...]](
    lambda ids: (
        LibraryArtist.objects.filter(artist__in=ids)
        .order_by()
        .values_list(
            "library", "song_count", "album_count", "size", "stats", *(f"artist__{column}" for column in COLUMNS)
        )
    )
)


def present_in(library_ids: Collection[int]) -> QuerySet[Any]:
    """The ids of the artists that take part in a song of some libraries that is there."""
    return LibraryArtist.objects.filter(library__in=library_ids, song_count__gt=0).order_by().values("artist")


def lost_in(library_ids: Collection[int]) -> QuerySet[Any]:
    """The ids of the artists that take part in missing songs of some libraries alone."""
    lost = LibraryArtist.objects.filter(library__in=library_ids, song_count=0)
    return lost.exclude(artist__in=present_in(library_ids)).order_by().values("artist")


def in_libraries(library_ids: Collection[int]) -> Exists:
    """The condition that an artist takes part in a song of some libraries, there or missing."""
    return Exists(LibraryArtist.objects.filter(artist=OuterRef("pk"), library__in=library_ids))


def artists_of(library_ids: Collection[int]) -> QuerySet[Any]:
    """The artists that take part in a song of some libraries, there or missing."""
    return Artist.objects.filter(in_libraries(library_ids))


def artist_named(name: str) -> str:
    """The id of the artist of that name, in any case; empty where there is none."""
    order = order_name(name, settings.CONF.tags.ignored_articles)
    known = Artist.objects.filter(order_name=order).order_by("pk").values_list("pk", "name")
    return next((pk for pk, each in known if each.casefold() == name.casefold()), "")


def by_count(column: str) -> Sort:
    """An order by a number that is kept of each artist in each library, added up over those that the viewer sees."""

    def add_up(rows: QuerySet[Any], asked: Asked) -> QuerySet[Any]:
        libraries = library_facts(asked.viewer)
        gathered(libraries)
        counts = LibraryArtist.objects.filter(artist=OuterRef("pk"), library__in=libraries)
        total = counts.order_by().values("artist").annotate(total=Sum(column)).values("total")
        ordered: QuerySet[Any] = rows.annotate(number=Coalesce(Subquery(total), 0))
        return ordered

    return Sort("number", prepare=add_up, steady=False)


def artist_objects(ids: Sequence[str], viewer: Viewer) -> list[WireObject]:
    """The artists with these ids, in this order, with all that apps add; those hidden from `viewer` are left out."""
    return artists_in(ids, viewer, library_facts(viewer))


def artists_in(ids: Sequence[str], viewer: Viewer, libraries: Mapping[int, LibraryFacts]) -> list[WireObject]:
    """As `artist_objects`, for who knows the libraries of the viewer already."""
    rows: dict[str, Sequence[Any]] = {}
    stats: dict[str, list[Stats]] = defaultdict(list)
    # of those that are not gathered yet, what their songs say now
    late: dict[int, list[str]] = defaultdict(list)
    for library, songs, albums, size, text, *row in _known.rows(ids):
        if library not in libraries:
            continue
        rows[row[0]] = row
        if text:
            stats[row[0]].append((songs, albums, size, orjson.loads(text)))
        else:
            late[library].append(row[0])
    read_now(late, stats)
    objects = [artist_object(rows[pk], stats.get(pk, ())) for pk in ids if pk in rows]
    add_keys(Resource.ARTIST, objects, viewer)
    return objects


def read_now(late: Mapping[int, Sequence[str]], stats: dict[str, list[Stats]]) -> None:
    """Add what artists do by what their songs say now: those of each library that are not gathered yet."""
    for library, artists in late.items():
        for piece in chunks(artists):
            for artist, roles in role_stats(library, piece).items():
                songs, albums, size = roles.pop("", [0, 0, 0])
                stats[artist].append((songs, albums, size, roles))


def artist_object(row: Sequence[Any], stats: Sequence[Stats]) -> WireObject:
    """The object of an artist, of its row and of what it does in each library; without what apps add."""
    found = dict(zip(_KEYS, row, strict=True))
    for key in _TEXTS:
        if not found[key]:
            del found[key]
    # most artists are in one library
    songs, albums, size, roles = stats[0] if len(stats) == 1 else _added_up(stats)
    found["stats"] = {
        role: {"songCount": numbers[0], "albumCount": numbers[1], "size": numbers[2]}
        for role, numbers in sorted(roles.items())
    }
    found["songCount"], found["albumCount"], found["size"] = songs, albums, size
    found["missing"] = not songs
    return found


def _added_up(stats: Sequence[Stats]) -> Stats:
    """What an artist does in several libraries together."""
    roles: dict[str, list[int]] = {}
    totals = [0, 0, 0]
    for *counts, by_role in stats:
        totals = [known + more for known, more in zip(totals, counts, strict=True)]
        for role, numbers in by_role.items():
            roles[role] = [known + more for known, more in zip(roles.get(role, (0, 0, 0)), numbers, strict=True)]
    return totals[0], totals[1], totals[2], roles
