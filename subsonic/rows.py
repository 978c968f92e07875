"""The rows that lists are made of: what is there, and what the viewer can see."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Final

from django.db.models import F, QuerySet
from django.db.models.functions import Random

from libraries.catalog_api.extension import Asked, Resource, Sort, additions
from libraries.catalog_api.sorting import ids_in_order, ids_with_value
from libraries.models import Album, Artist, MediaFile
from libraries.visible import library_facts
from navidrome_lib.viewer import Viewer

AS_THEY_CAME: Final = Sort("pk")


def albums(viewer: Viewer) -> QuerySet[Any]:
    """Albums with songs that are there."""
    return Album.objects.present().in_libraries(library_facts(viewer))


def songs(viewer: Viewer) -> QuerySet[Any]:
    """Songs that are there."""
    return MediaFile.objects.in_catalog().present().in_libraries(library_facts(viewer))


def artists(viewer: Viewer) -> QuerySet[Any]:
    """Artists that take part in songs that are there."""
    return Artist.objects.visible_to(viewer)


def page(
    rows: QuerySet[Any],
    sort: Sort,
    viewer: Viewer,
    first: int = 0,
    size: int | None = None,
    *,
    descending: bool = False,
) -> list[str]:
    """The ids of a page of an order."""
    end = None if size is None else first + size
    return ids_in_order(rows, sort, Asked(viewer, ""), descending=descending, first=first, end=end)


def shuffled(rows: QuerySet[Any], size: int) -> list[str]:
    """The ids of some rows, each time others."""
    return list(rows.order_by(Random()).values_list("pk", flat=True)[:size])


def any_songs(viewer: Viewer, size: int) -> list[str]:
    """The ids of some of all songs, each time others.

    By way of albums, which are a tenth as many: those with many songs are chosen more often, and each gives one song
    as long as there are enough of them.
    """
    weighed = albums(viewer).order_by(Random() / F("song_count")).values_list("pk", flat=True)
    found = list(songs(viewer).filter(album_ref__in=list(weighed[:size])).order_by().values_list("pk", "album_ref"))
    random.shuffle(found)
    first = {album: pk for pk, album in found}
    others = [pk for pk, album in found if first[album] != pk]
    chosen = [*first.values(), *others][:size]
    random.shuffle(chosen)
    return chosen


def noted(
    rows: QuerySet[Any], resource: Resource, order: str, viewer: Viewer, first: int = 0, size: int | None = None
) -> list[str]:
    """The ids of those rows of which the viewer has something, in an order of it: the greatest or latest first."""
    end = None if size is None else first + size
    return ids_with_value(rows, _orders(resource)[order], Asked(viewer, ""), first=first, end=end)


def _orders(resource: Resource) -> Mapping[str, Sort]:
    return {name: sort for addition in additions(resource) for name, sort in addition.sorts.items()}
