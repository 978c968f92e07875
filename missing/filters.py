"""Query parameters of `/api/missing`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.db.models.functions import Left
from django_filters.fields import IsoDateTimeField

from missing.models import MissingFile
from navidrome_lib.api.filters import LibraryIdsFilter


class InstantField(IsoDateTimeField):
    """An ISO 8601 instant or date that the database can compare with."""

    def clean(self, value: Any) -> datetime | None:
        moment: datetime | None = super().clean(value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError:  # the year 9999 in the far west
            raise forms.ValidationError("Enter a date and time that exists.") from None


class InstantFilter(django_filters.Filter):
    """From this instant on."""

    field_class = InstantField


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
