"""Filters and sorting by query parameters; nothing a client sends as a key ever reaches SQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import django_filters
from django import forms
from django.db.models import F, IntegerField, QuerySet
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.plumbing import get_view_model
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from navidrome_lib.api.wire import parse_library_id
from navidrome_lib.db.ids import can_be_id
from navidrome_lib.viewer import Viewer, viewer_of

if TYPE_CHECKING:
    from rest_framework.views import APIView


# an id that is a number, or several with commas between
NUMBERS = {"type": "string", "pattern": "^ *[0-9]{0,18} *(, *[0-9]{0,18} *)*$"}


class QueryFilter(DjangoFilterBackend):
    """The view's `filterset_class`; an impossible value is a 400 that names the parameter."""


class IdFilter(BaseFilterBackend):
    """`id`, repeated or separated by commas: exactly these rows. A client asks so for what it shows already."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        texts = [part.strip() for text in request.query_params.getlist("id") for part in text.split(",")]
        named = [text for text in texts if text]
        if not named:
            return queryset
        if isinstance(queryset.model._meta.pk, IntegerField):
            return queryset.filter(pk__in=[self.number(text) for text in named])
        # only what an id can be, so that nothing odd reaches the database
        return queryset.filter(pk__in=[text for text in named if can_be_id(text)])

    def number(self, text: str) -> int:
        number = parse_library_id(text)
        if number is None:
            raise ValidationError({"id": f"“{text[:40]}” is not an id."})
        return number

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        model = get_view_model(view, emit_warnings=False)  # type: ignore[no-untyped-call]
        numbers = model is not None and isinstance(model._meta.pk, IntegerField)
        schema = {"type": "array", "items": NUMBERS if numbers else {"type": "string"}}
        text = "Only these; repeated, or separated by commas."
        return [{"name": "id", "in": "query", "required": False, "description": text, "schema": schema}]


def asked_sort(request: Request) -> str:
    """The key in `_sort`, in the spelling of the wire: clients send `updated_at` for `updatedAt`."""
    return re.sub(r"(?<=[a-z])_([a-z])", lambda found: found[1].upper(), request.query_params.get("_sort", ""))


class SortFilter(BaseFilterBackend):
    """`_sort` and `_order` through the view's `sort_fields` (wire key → model field), ended by the primary key."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        fields: Mapping[str, str] = getattr(view, "sort_fields", {})
        default: tuple[str, ...] = getattr(view, "default_sort", ())
        name = fields.get(asked_sort(request))
        if name is None:
            return queryset.order_by(*default, "pk")
        descending = request.query_params.get("_order", "").upper() == "DESC"
        # NULLs at one end on both databases: SQLite and PostgreSQL differ by default
        order = F(name).desc(nulls_last=True) if descending else F(name).asc(nulls_first=True)
        return queryset.order_by(order, "-pk" if descending else "pk")

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        keys = sorted(getattr(view, "sort_fields", {}))
        if not keys:
            return []
        return [
            described("_sort", sort_text(keys)),
            described("_order", "`DESC`: the other way round."),
        ]


def sort_text(keys: Iterable[str]) -> str:
    """What the OpenAPI document says of `_sort`."""
    return f"One of {', '.join(sorted(keys))}; another text is as if there were none."


def described(name: str, text: str) -> dict[str, Any]:
    """One parameter that takes any text."""
    return {"name": name, "in": "query", "required": False, "description": text, "schema": {"type": "string"}}


class InstantField(IsoDateTimeField):
    """An ISO 8601 instant or date that the database can compare with."""

    def clean(self, value: Any) -> datetime | None:
        moment: datetime | None = super().clean(value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError:  # the year 9999 in the far west
            raise forms.ValidationError("Enter a date and time that exists.") from None


@extend_schema_field(
    {
        "anyOf": [
            {"type": "string", "format": "date-time"},
            {"type": "string", "format": "date"},
            {"type": "string", "maxLength": 0},
        ]
    }
)
class InstantFilter(django_filters.Filter):
    """Rows before or after an instant; an empty one is as if there were none."""

    field_class = InstantField


class ViewerFilter(django_filters.Filter):
    """A filter of which the answer depends on who asks."""

    @property
    def viewer(self) -> Viewer:
        """Who asks."""
        return viewer_of(self.parent.request)


class TextsField(forms.Field):
    """One or more texts, from a parameter that may be repeated; empty ones are as if there were none.

    A null character, which no text of a database has, becomes one that finds nothing.
    """

    widget = forms.SelectMultiple

    def to_python(self, value: Any) -> list[str]:
        return [str(part).replace("\0", "\ufffd") for part in value or [] if str(part)]


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class TextsFilter(ViewerFilter):
    """Rows with one of these values in a field; a value that is impossible there finds nothing."""

    field_class = TextsField

    def filter(self, qs: QuerySet[Any], value: list[str]) -> QuerySet[Any]:
        return self.filter_texts(qs, value) if value else qs

    def filter_texts(self, rows: QuerySet[Any], texts: list[str]) -> QuerySet[Any]:
        """Those of `rows` that one of `texts`, of which there is at least one, speaks of."""
        return rows.filter(**{f"{self.field_name}__in": texts})


class NumbersFilter(TextsFilter):
    """Rows with one of these whole numbers in a field; what is no number finds nothing."""

    def filter_texts(self, rows: QuerySet[Any], texts: list[str]) -> QuerySet[Any]:
        numbers = [int(text) for text in texts if re.fullmatch(r"\d{1,9}", text, re.ASCII)]
        return rows.filter(**{f"{self.field_name}__in": numbers})


class TruthFilter(TextsFilter):
    """`true`, or anything else for the opposite."""

    def filter_texts(self, rows: QuerySet[Any], texts: list[str]) -> QuerySet[Any]:
        return self.filter_truth(rows, texts[-1] == "true")

    def filter_truth(self, rows: QuerySet[Any], truth: bool) -> QuerySet[Any]:
        """Those of `rows` of which it is true, or is not."""
        return rows.filter(**{self.field_name: truth})


class LibraryIdsField(forms.Field):
    """One or more library ids, repeated or separated by commas."""

    widget = forms.SelectMultiple

    def to_python(self, value: Any) -> list[int]:
        ids = []
        for item in ",".join(str(part) for part in value or []).split(","):
            number = parse_library_id(item.strip()) if item.strip() else None
            if item.strip() and number is None:
                # as a parameter: django-filter formats the message, and a `%` of the client must not take part
                raise forms.ValidationError("“%(text)s” is not a library id.", params={"text": item[:40]})
            if number is not None:
                ids.append(number)
        return ids


@extend_schema_field({"type": "array", "items": NUMBERS})
class LibraryIdsFilter(django_filters.Filter):
    """Rows of the named libraries; a library that does not exist has no rows."""

    field_class = LibraryIdsField

    def filter(self, qs: QuerySet[Any], value: list[int]) -> QuerySet[Any]:
        return qs.filter(**{f"{self.field_name}__in": value}) if value else qs
