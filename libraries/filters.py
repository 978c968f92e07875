"""Query parameters of the lists."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.db.models.functions import Left

from libraries.labels import CHANGE_KIND_LABELS, SCAN_STATE_LABELS
from libraries.models import Library, Scan
from navidrome_lib.api.filters import LibraryIdsFilter


class LibraryFilter(django_filters.FilterSet):
    """`/api/library`: by a part of the name."""

    name = django_filters.CharFilter(lookup_expr="icontains")

    class Meta:
        model = Library
        fields: list[str] = []


class ScanFilter(django_filters.FilterSet):
    """`/api/scan`: by library and state."""

    library_id = LibraryIdsFilter(field_name="library")
    state = django_filters.MultipleChoiceFilter(choices=tuple(SCAN_STATE_LABELS.items()))

    class Meta:
        model = Scan
        fields: list[str] = []


class InFolderFilter(django_filters.CharFilter):
    """What changed in a folder or anywhere below it, or moved out of there. Upper and lower case differ."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        folder = value.strip("/") if value else ""
        if not folder:
            return qs
        below = f"{folder}/"
        begin = {name: Left(name, len(below)) for name in ("folder", "from_folder")}
        rows: QuerySet[Any] = qs.alias(begin=begin["folder"], from_begin=begin["from_folder"])
        inside = Q(folder=folder) | Q(begin=below) | Q(from_folder=folder) | Q(from_begin=below)
        return rows.filter(inside)


class ScanChangeFilter(django_filters.FilterSet):
    """`/api/scan/{id}/changes`: by kind and folder. Without a model, because the view's own one is that of scans."""

    kind = django_filters.MultipleChoiceFilter(choices=tuple(CHANGE_KIND_LABELS.items()))
    folder = InFolderFilter(strip=False, help_text="This folder and all below it, also what moved out of there.")
