"""The rows that lists are made of: what is there, and what the viewer can see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import QuerySet

from libraries.catalog_api.extension import Asked, Resource, Sort, additions
from libraries.catalog_api.sorting import RANDOM, ids_in_order, ids_with_value
from libraries.catalog_api.visible import libraries_of
from libraries.models import Album, Artist, MediaFile
from navidrome_lib.viewer import Viewer

AS_THEY_CAME: Final = Sort("pk")


def albums(viewer: Viewer) -> QuerySet[Any]:
    """Albums with songs that are there."""
    return Album.objects.present().in_libraries(libraries_of(viewer))


def songs(viewer: Viewer) -> QuerySet[Any]:
    """Songs that are there."""
    return MediaFile.objects.in_catalog().present().in_libraries(libraries_of(viewer))


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


def shuffled(rows: QuerySet[Any], viewer: Viewer, size: int) -> list[str]:
    """The ids of some rows, each time others."""
    return page(rows, RANDOM, viewer, size=size)


def noted(
    rows: QuerySet[Any], resource: Resource, order: str, viewer: Viewer, first: int = 0, size: int | None = None
) -> list[str]:
    """The ids of those rows of which the viewer has something, in an order of it: the greatest or latest first."""
    end = None if size is None else first + size
    return ids_with_value(rows, _orders(resource)[order], Asked(viewer, ""), first=first, end=end)


def _orders(resource: Resource) -> Mapping[str, Sort]:
    return {name: sort for addition in additions(resource) for name, sort in addition.sorts.items()}
