"""Query parameters of the lists."""

from __future__ import annotations

import django_filters

from libraries.models import Library, Scan, ScanState
from navidrome_lib.api.filters import LibraryIdsFilter


class LibraryFilter(django_filters.FilterSet):
    """`/api/library`: by id, and by a part of the name."""

    id = LibraryIdsFilter(field_name="pk")
    name = django_filters.CharFilter(lookup_expr="icontains")

    class Meta:
        model = Library
        fields: list[str] = []


class ScanFilter(django_filters.FilterSet):
    """`/api/scan`: by library and state."""

    library_id = LibraryIdsFilter(field_name="library")
    state = django_filters.MultipleChoiceFilter(choices=ScanState.choices)

    class Meta:
        model = Scan
        fields: list[str] = []
