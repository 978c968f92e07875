"""All artists of albums at once, for clients that show them as one list."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import Any, Final

import orjson
from django.db.models import Count, Max, Q, QuerySet, Sum

from libraries.catalog_api.artists import Stats, read_now
from libraries.catalog_api.common import gathered
from libraries.catalog_api.extension import Resource, WireObject, add_keys, states
from libraries.choices import Role
from libraries.models import Artist, LibraryArtist, Scan
from libraries.visible import library_facts
from navidrome_lib.viewer import Viewer

# of each role
_ALBUMS: Final = 1


def _counts(viewer: Viewer) -> QuerySet[Any]:
    known = Q(stats="") | Q(stats__contains=f'"{Role.ALBUM_ARTIST}":')
    return LibraryArtist.objects.filter(known, library__in=library_facts(viewer), song_count__gt=0).order_by()


def album_artist_objects(viewer: Viewer) -> list[WireObject]:
    """The artists of albums that a viewer sees, in order of their names, with all that apps add.

    Of the keys of an artist only those that name it, and how many albums it has in each role. The number of queries
    does not depend on how many there are, once everything is gathered.
    """
    gathered(library_facts(viewer))
    counts = _counts(viewer)
    albums = _albums_by_role(counts)
    columns = ("id", "name", "order_name", "mbz_artist_id")
    rows = Artist.objects.filter(pk__in=counts.values("artist")).order_by("order_name", "pk").values_list(*columns)
    objects = [
        {
            "id": pk,
            "name": name,
            "orderArtistName": order,
            "mbzArtistId": mbz_id,
            "stats": {role: {"albumCount": albums[pk][role]} for role in sorted(albums[pk])},
        }
        for pk, name, order, mbz_id in rows
        if Role.ALBUM_ARTIST in albums.get(pk, ())
    ]
    add_keys(Resource.ARTIST, objects, viewer)
    return objects


def _albums_by_role(counts: QuerySet[Any]) -> dict[str, dict[str, int]]:
    """How many albums artists have in each role, in all libraries that are asked for."""
    found: dict[str, dict[str, int]] = {}
    late: dict[int, list[str]] = defaultdict(list)
    for artist, library, text in counts.values_list("artist", "library", "stats"):
        if text:
            _add_up(found.setdefault(artist, {}), orjson.loads(text))
        else:
            late[library].append(artist)
    stats: dict[str, list[Stats]] = defaultdict(list)
    read_now(late, stats)
    for artist, told in stats.items():
        for *_, roles in told:
            _add_up(found.setdefault(artist, {}), roles)
    return found


def _add_up(known: dict[str, int], roles: Any) -> None:
    for role, numbers in roles.items():
        known[role] = known.get(role, 0) + numbers[_ALBUMS]


def state_of_index(viewer: Viewer) -> str:
    """A text that is another one as soon as the artists of albums are others, have other albums, or other keys of apps.

    It is made of what is kept, at a fraction of the cost of the list.
    """
    counts = LibraryArtist.objects.filter(library__in=library_facts(viewer), song_count__gt=0)
    told = counts.aggregate(Count("pk"), Sum("song_count"), Sum("album_count"), Sum("size"), Sum("main_album_count"))
    scans = Scan.objects.filter(library__in=library_facts(viewer))
    done = scans.aggregate(Count("pk"), Max("finished_at"), Sum("added"), Sum("updated"), Sum("moved"), Sum("missing"))
    facts = [sorted(library_facts(viewer)), sorted(told.items()), sorted(done.items()), states(Resource.ARTIST, viewer)]
    return hashlib.blake2b(repr(facts).encode(), digest_size=16).hexdigest()
