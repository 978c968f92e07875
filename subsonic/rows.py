"""The rows that lists are made of: what is there, and what the viewer can see."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from django.db.models import F, Model, QuerySet
from django.db.models.functions import Random

from libraries.catalog_api.extension import Asked, Resource, Sort, additions
from libraries.catalog_api.kept_answers import KeptAnswers, key_of
from libraries.catalog_api.kept_orders import OrderKeeper
from libraries.catalog_api.kept_pages import KeptPages
from libraries.catalog_api.sorting import ids_in_order, in_order, is_indexed, with_value
from libraries.catalog_api.statements import STATEMENTS, ListStatements, rows_of, statements_of
from libraries.limits import ListLimits
from libraries.models import Album, Artist, MediaFile
from libraries.visible import LibraryFacts, library_facts
from navidrome_lib.db.ids import LENGTH
from navidrome_lib.db.prepared import PreparedIn
from navidrome_lib.limits import limits_of
from navidrome_lib.viewer import Viewer, rights_of

Rows = Callable[[Viewer], QuerySet[Any]]
AS_THEY_CAME: Final = Sort("pk")
# of all ids that are kept in memory, for different people
KEPT_IDS_BYTES: Final = 8 * 1024 * 1024
ASKED_ONCE: Final = "asked once"
_all_songs: Final = KeptAnswers(KEPT_IDS_BYTES)


def albums(viewer: Viewer) -> QuerySet[Any]:
    """Albums with songs that are there."""
    return Album.objects.present().in_libraries(library_facts(viewer))


def songs(viewer: Viewer) -> QuerySet[Any]:
    """Songs that are there."""
    return MediaFile.objects.in_catalog().present().in_libraries(library_facts(viewer))


def artists(viewer: Viewer) -> QuerySet[Any]:
    """Artists that take part in songs that are there."""
    return Artist.objects.visible_to(viewer)


_MODELS: Final[dict[Rows, type[Model]]] = {albums: Album, songs: MediaFile, artists: Artist}


def page_of(
    rows: QuerySet[Any],
    sort: Sort,
    viewer: Viewer,
    first: int = 0,
    size: int | None = None,
    *,
    descending: bool = False,
) -> list[str]:
    """The ids of a page of any rows in an order."""
    end = None if size is None else first + size
    return ids_in_order(rows, sort, Asked(viewer, ""), descending=descending, first=first, end=end)


def page(of: Rows, sort: Sort, viewer: Viewer, first: int, size: int, *, descending: bool = False) -> list[str]:
    """The ids of a page of all rows of a kind in an order. Those of large lists are kept: any page is as near."""
    limit, libraries = limits_of(ListLimits).kept_from, library_facts(viewer)
    asked = Asked(viewer, "")

    def build() -> ListStatements:
        found = of(viewer)
        return statements_of(in_order(found, sort, asked, descending=descending).values_list("pk", flat=True), found)

    key = (*_key("page", of, viewer, libraries), sort.by, descending)
    statements = STATEMENTS.find(key, build)
    if first >= limit or (not is_indexed(_MODELS[of], sort) and statements.total() >= limit):
        keeper = OrderKeeper([of.__name__, viewer.is_admin, sort.by], libraries)
        pages = KeptPages(of(viewer), sort, asked, descending=descending, first=first, end=first + size)
        found = pages.page_in(keeper.kept()) or pages.page_in(keeper.made(pages.all_ids))
        if found is not None:
            return found[0]
    return statements.ordered.ids(first, first + size)


def _key(what: str, of: Rows, viewer: Viewer, libraries: Collection[int]) -> tuple[Any, ...]:
    """What the statements of a list follow from, but for what it is asked for."""
    return what, of, rights_of(viewer), tuple(sorted(libraries))


def shuffled(rows: QuerySet[Any], size: int) -> list[str]:
    """The ids of some rows, each time others."""
    return list(rows.order_by(Random()).values_list("pk", flat=True)[:size])


_songs_on: Final = PreparedIn[tuple[str, str, int]](
    lambda ids: (
        MediaFile.objects.in_catalog()
        .present()
        .filter(album_ref__in=ids)
        .order_by()
        .values_list("pk", "album_ref", "library_id")
    )
)


def any_songs(viewer: Viewer, size: int) -> list[str]:
    """The ids of some of all songs, each time others."""
    libraries = library_facts(viewer)
    ids = kept_ids(viewer, libraries)
    if ids is None:
        return by_way_of_albums(viewer, libraries, size)
    count = len(ids) // LENGTH
    places = random.sample(range(count), min(size, count))
    return [ids[at * LENGTH : (at + 1) * LENGTH].decode("ascii") for at in places]


def kept_ids(viewer: Viewer, libraries: Mapping[int, LibraryFacts]) -> bytes | None:
    """The ids of all songs one behind the other; None where there are too many, or where they are not kept yet.

    They are read for the second who asks since the libraries have changed: while a scan changes them all the time, to
    read them for one answer would cost more than it saves.
    """
    if sum(facts.songs for facts in libraries.values()) > limits_of(ListLimits).kept_ids:
        return None
    key = key_of(viewer, libraries)
    known = _all_songs.get(key)
    if known is None:
        _all_songs.put(key, b"", ASKED_ONCE)
        return None
    ids, state = known
    if state == ASKED_ONCE:
        # what is read now may be of a later revision: who sees that one has another key
        ids = "".join([pk for (pk,) in rows_of(songs(viewer).order_by().values_list("pk"))]).encode("ascii")
        _all_songs.put(key, ids, "")
    return ids


def by_way_of_albums(viewer: Viewer, libraries: Collection[int], size: int) -> list[str]:
    """The same for songs that are not kept: albums are a tenth as many.

    Those with many songs are chosen more often, and each gives one song as long as there are enough of them.
    """

    def build() -> ListStatements:
        found = albums(viewer)
        return statements_of(found.order_by(Random() / F("song_count")).values_list("pk", flat=True), found)

    weighed = STATEMENTS.find(_key("any", albums, viewer, libraries), build).ordered.ids(0, size)
    found: dict[str, list[str]] = {}
    for pk, album, library in _songs_on.rows(weighed):
        if library in libraries:
            found.setdefault(album, []).append(pk)
    chosen = [random.choice(those) for those in found.values()]  # noqa: S311 - for who listens
    if len(chosen) < size:
        known = frozenset(chosen)
        others = [pk for those in found.values() for pk in those if pk not in known]
        chosen += random.sample(others, min(size - len(chosen), len(others)))
    random.shuffle(chosen)
    return chosen


def noted(
    of: Rows, resource: Resource, order: str, viewer: Viewer, first: int = 0, size: int | None = None
) -> list[str]:
    """The ids of the rows of a kind of which the viewer has something, in an order of it: the latest or best first."""

    def build() -> ListStatements:
        found = of(viewer)
        return statements_of(with_value(found, _orders(resource)[order], Asked(viewer, "")), found)

    statements = STATEMENTS.find((*_key("noted", of, viewer, library_facts(viewer)), order), build)
    return statements.ordered.ids(first, None if size is None else first + size)


def _orders(resource: Resource) -> Mapping[str, Sort]:
    return {name: sort for addition in additions(resource) for name, sort in addition.sorts.items()}
