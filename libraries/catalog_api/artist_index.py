"""All artists of albums at once, for clients that show them as one list."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
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
AlbumCounts = dict[str, dict[str, int]]
"""How many albums an artist has in each role, as the wire has it."""


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
    stats = _albums_by_role(counts)
    columns = ("id", "name", "order_name", "mbz_artist_id")
    rows = Artist.objects.filter(pk__in=counts.values("artist")).order_by("order_name", "pk").values_list(*columns)
    objects = [
        {"id": pk, "name": name, "orderArtistName": order, "mbzArtistId": mbz_id, "stats": stats[pk]}
        for pk, name, order, mbz_id in rows
        if Role.ALBUM_ARTIST in stats.get(pk, ())
    ]
    add_keys(Resource.ARTIST, objects, viewer)
    return objects


def _albums_by_role(counts: QuerySet[Any]) -> dict[str, AlbumCounts]:
    """How many albums artists have in each role, in all libraries that are asked for."""
    found: dict[str, AlbumCounts] = {}
    late: dict[int, list[str]] = defaultdict(list)
    for artist, library, text in counts.values_list("artist", "library", "stats"):
        if text:
            _add_up(found, artist, orjson.loads(text))
        else:
            late[library].append(artist)
    stats: dict[str, list[Stats]] = defaultdict(list)
    read_now(late, stats)
    for artist, told in stats.items():
        for *_, roles in told:
            _add_up(found, artist, roles)
    return found


def _add_up(found: dict[str, AlbumCounts], artist: str, roles: Mapping[str, Sequence[int]]) -> None:
    known = found.get(artist)
    if known is None:  # most artists are in one library
        found[artist] = {role: {"albumCount": roles[role][_ALBUMS]} for role in sorted(roles)}
        return
    for role, numbers in roles.items():
        more = known.get(role, {"albumCount": 0})["albumCount"]
        known[role] = {"albumCount": more + numbers[_ALBUMS]}
    found[artist] = dict(sorted(known.items()))


def state_of_index(viewer: Viewer) -> str:
    """A text that is another one as soon as the artists of albums are others, have other albums, or other keys of apps.

    It is made of the libraries with their revisions and of their scans, however many artists there are.
    """
    libraries = library_facts(viewer)
    scans = Scan.objects.filter(library__in=libraries)
    done = scans.aggregate(Count("pk"), Max("finished_at"), Sum("added"), Sum("updated"), Sum("moved"), Sum("missing"))
    facts = [sorted(libraries.items()), sorted(done.items()), states(Resource.ARTIST, viewer)]
    return hashlib.blake2b(repr(facts).encode(), digest_size=16).hexdigest()
