"""All artists of albums at once, for clients that show them as one list."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import Final

import orjson
from django.db.models import Count, Max, Q, Sum

from libraries.catalog_api.artists import Stats, read_now
from libraries.catalog_api.common import JSON, gathered
from libraries.catalog_api.extension import Resource, WireObject, add_keys, states
from libraries.catalog_api.statements import rows_of
from libraries.choices import Role
from libraries.models import LibraryArtist, Scan
from libraries.visible import library_facts
from navidrome_lib.viewer import Viewer

# of each role
_ALBUMS: Final = 1
# artists of one shape that are kept as they were written; of this many 15 MB
KEPT_ARTISTS: Final = 30_000
AlbumCounts = dict[str, dict[str, int]]
"""How many albums an artist has in each role, as the wire has it."""
Told = tuple[str, ...]
"""What is known of an artist: its name, its order name, its id of MusicBrainz, and its stats in each library."""


class IndexShape:
    """How artists are written in an index, and those that were: after a change most artists are as they were.

    Each is kept with a number that is made of all that was written of it.
    """

    def __init__(self, write: Callable[[WireObject], WireObject]) -> None:
        self.write = write
        self._known: dict[str, tuple[int, bytes]] = {}

    def text(self, pk: str, told: Told, added: WireObject) -> bytes:
        """The text of an artist; `added` has its id and what apps add. Empty for who is the artist of no album."""
        # who has nothing of people or of pictures is the rule
        state = hash(told if len(added) == 1 else (told, *added.items()))
        state_before, text = self._known.get(pk, (None, b""))
        if state != state_before:
            text = self._made(told, added)
            if len(self._known) >= KEPT_ARTISTS:
                self._known.clear()
            self._known[pk] = state, text
        return text

    def _made(self, told: Told, added: WireObject) -> bytes:
        name, order, mbz_id, *texts = told
        stats = _albums_by_role(texts)
        if Role.ALBUM_ARTIST not in stats:
            return b""
        named = {"name": name, "orderArtistName": order, "mbzArtistId": mbz_id, "stats": stats}
        return orjson.dumps(self.write({**named, **added}), option=JSON)


def written_album_artists(viewer: Viewer, shape: IndexShape) -> list[tuple[str, bytes]]:
    """The artists of albums that a viewer sees, in order of their names: these and the objects as they are written.

    Of the keys of an artist only those that name it, how many albums it has in each role, and all that apps add. The
    number of queries does not depend on how many there are, once everything is gathered.
    """
    libraries = library_facts(viewer)
    gathered(libraries)
    known = _all_told(libraries)
    added: list[WireObject] = [{"id": pk} for pk in known]
    add_keys(Resource.ARTIST, added, viewer)
    found = []
    for (pk, told), more in zip(known.items(), added, strict=True):
        if text := shape.text(pk, told, more):
            found.append((told[1], text))
    return found


def _all_told(libraries: Collection[int]) -> dict[str, Told]:
    """What is known of artists with songs in some libraries, in order of their names."""
    stats = Q(stats="") | Q(stats__contains=f'"{Role.ALBUM_ARTIST}":')
    rows = LibraryArtist.objects.filter(stats, library__in=libraries, song_count__gt=0)
    ordered = rows.order_by("artist__order_name", "artist")
    columns = ("artist", "artist__name", "artist__order_name", "artist__mbz_artist_id", "library", "stats")
    found: dict[str, Told] = {}
    late: dict[int, list[str]] = defaultdict(list)
    for pk, name, order, mbz_id, library, text in rows_of(ordered.values_list(*columns)):
        known = found.get(pk) or (name, order, mbz_id)
        found[pk] = (*known, text) if text else known
        if not text:
            late[library].append(pk)
    told_now: dict[str, list[Stats]] = defaultdict(list)
    read_now(late, told_now)
    for pk, told in told_now.items():
        found[pk] = (*found[pk], *(orjson.dumps(roles).decode() for *_, roles in told))
    return found


def _albums_by_role(texts: Iterable[str]) -> AlbumCounts:
    """How many albums an artist has in each role, in all libraries that are asked for."""
    counts: dict[str, int] = {}
    for text in texts:
        for role, numbers in orjson.loads(text).items():
            counts[role] = counts.get(role, 0) + numbers[_ALBUMS]
    return {role: {"albumCount": counts[role]} for role in sorted(counts)}


def state_of_index(viewer: Viewer) -> str:
    """A text that is another one as soon as the artists of albums are others, have other albums, or other keys of apps.

    It is made of the libraries with their revisions and of their scans, however many artists there are.
    """
    libraries = library_facts(viewer)
    scans = Scan.objects.filter(library__in=libraries)
    done = scans.aggregate(Count("pk"), Max("finished_at"), Sum("added"), Sum("updated"), Sum("moved"), Sum("missing"))
    facts = [sorted(libraries.items()), sorted(done.items()), states(Resource.ARTIST, viewer)]
    return hashlib.blake2b(repr(facts).encode(), digest_size=16).hexdigest()
