"""Query parameters of `/api/missing`."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.db.models.functions import Left

from missing.models import MissingFile
from navidrome_lib.api.filters import InstantFilter, LibraryIdsFilter


class PrefixFilter(django_filters.CharFilter):
    """Texts that begin with exactly this; LIKE would ignore case on one database and not on the other."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        found: QuerySet[Any] = qs.alias(prefix=Left(self.field_name, len(value))).filter(prefix=value)
        return found


class MissingFileFilter(django_filters.FilterSet):
    """By library, beginning of the path, parts of album, artist and title, and time of absence."""

    library_id = LibraryIdsFilter(field_name="library")
    path = PrefixFilter(strip=False)
    album = django_filters.CharFilter(lookup_expr="icontains")
    artist = django_filters.CharFilter(lookup_expr="icontains")
    title = django_filters.CharFilter(lookup_expr="icontains")
    missingSince = InstantFilter(field_name="missing_since", lookup_expr="gte")  # noqa: N815 - a wire key

    class Meta:
        model = MissingFile
        fields: list[str] = []
