"""Query parameters of the lists: those that are declared here, and those that other apps add."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar

import django_filters
import orjson
from django.db.models import Q, QuerySet
from django.db.models.functions import Left
from django.http import QueryDict
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from libraries.catalog_api.extension import Resource, additions
from libraries.catalog_api.tag_filters import TAG_FILTERS
from libraries.catalog_api.word_search import FindIds, having_words
from navidrome_lib.api.filters import NUMBERS, LibraryIdsFilter, TextsFilter, described, sort_text
from navidrome_lib.db.ids import can_be_id


class CatalogFilterSet(django_filters.FilterSet):
    """Filters of a resource, and those that were added to it. Only what a query names is built for it."""

    resource: Resource | None = None
    # filters whose conditions follow from the query, the viewer and the libraries alone, without a look at any row;
    # what they read of other tables is asked for by the list itself
    steady: ClassVar[frozenset[str]] = frozenset()
    # those of them that read what is gathered behind scans
    gathered: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, data: QueryDict, queryset: QuerySet[Any], request: Request) -> None:
        every = self.all_filters()
        self.base_filters = {name: every[name] for name in self.named_in(data)}
        super().__init__(data, queryset, request=request)

    @classmethod
    def named_in(cls, data: QueryDict) -> list[str]:
        """The filters that a query names."""
        of_tags = TAG_FILTERS.get(cls.resource, {}) if cls.resource else {}
        known = (cls.declared_filters, of_tags, *(addition.filters for addition in additions(cls.resource)))
        return [name for name in data if any(name in each for each in known)]

    @classmethod
    def words_in(cls, names: Iterable[str]) -> dict[str, FindIds]:
        """What finds the ids for those of some filters that look for words."""
        declared = {name: cls.declared_filters.get(name) for name in names}
        return {name: each.find for name, each in declared.items() if isinstance(each, WordsFilter)}

    @classmethod
    def all_steady(cls) -> frozenset[str]:
        """Those filters that are steady, with those that were added."""
        return cls.steady.union(*(addition.steady for addition in additions(cls.resource)))

    @classmethod
    def all_filters(cls) -> dict[str, django_filters.Filter]:
        """Every filter by its parameter."""
        found = {**(TAG_FILTERS.get(cls.resource, {}) if cls.resource else {}), **cls.declared_filters}
        for addition in additions(cls.resource):
            for name, each in addition.filters.items():
                each.field_name = each.field_name or name
                found[name] = each
        return found


def asked_filters(request: Request) -> QueryDict:
    """The parameters of a request, with those that it has as an object of JSON in `_filters`; another text is none."""
    text = request.query_params.get("_filters")
    if not text:
        return request.query_params
    try:
        more = orjson.loads(text)
    except ValueError:
        more = None
    if not isinstance(more, Mapping):
        return request.query_params
    data = request.query_params.copy()
    for name, value in more.items():
        data.setlist(name, [_text(each) for each in (value if isinstance(value, list) else [value])])
    return data


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


class CatalogFilter(BaseFilterBackend):
    """What `filterset_class` of the view declares; an impossible value is a 400 that names the parameter."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        return self.filter_others(request, queryset, view, ())

    def filter_others(
        self, request: Request, queryset: QuerySet[Any], view: Any, names: Collection[str]
    ) -> QuerySet[Any]:
        """As `filter_queryset`, but for the filters of these `names`."""
        data = asked_filters(request)
        if names:
            data = data.copy()
            for name in names:
                del data[name]
        filters = view.filterset_class(data, queryset, request)
        if not filters.base_filters:
            return queryset
        if not filters.is_valid():
            raise ValidationError({name: [str(each) for each in found] for name, found in filters.errors.items()})
        found: QuerySet[Any] = filters.qs
        return found

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """How the OpenAPI document describes the parameters of a list."""
        filters = view.filterset_class.all_filters()
        found = [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": str(each.extra.get("help_text") or ""),
                "schema": {
                    "type": "array",
                    "items": NUMBERS if isinstance(each, LibraryIdsFilter) else {"type": "string"},
                },
            }
            for name, each in filters.items()
        ]
        sorts = [described("_sort", sort_text(view.all_sorts())), described("_order", "`DESC`: the other way round.")]
        more = [described("_filters", "An object of JSON: the same filters by name, each with a value or a list.")]
        return [*found, *sorts, described("seed", "What makes a random order; the same seed, the same order."), *more]


class IdsFilter(TextsFilter):
    """Exactly these rows; repeated, or separated by commas."""

    def filter_texts(self, rows: QuerySet[Any], texts: list[str]) -> QuerySet[Any]:
        ids = [part.strip() for text in texts for part in text.split(",")]
        return rows.filter(pk__in=[pk for pk in ids if can_be_id(pk)])


class BeginsFilter(TextsFilter):
    """Texts that begin with exactly this; LIKE would ignore case on one database and not on the other."""

    def filter_texts(self, rows: QuerySet[Any], texts: list[str]) -> QuerySet[Any]:
        begin = Q()
        for number, text in enumerate(texts):
            name = f"{self.field_name}_begin_{number}"
            rows = rows.alias(**{name: Left(self.field_name, len(text))})
            begin |= Q(**{name: text})
        return rows.filter(begin)


class InLibrariesFilter(LibraryIdsFilter):
    """Rows of the named libraries."""

    def filter(self, qs: QuerySet[Any], value: list[int]) -> QuerySet[Any]:
        rows: QuerySet[Any] = qs.in_libraries(value) if value else qs  # type: ignore[attr-defined]
        return rows


LIBRARY_ID = InLibrariesFilter(help_text="Only of these libraries.")
MISSING_TEXT = "`true`: only those whose files are missing; anything else: only those that are there."


class WordsFilter(TextsFilter):
    """Rows with words that begin with each of these, or with this MusicBrainz id.

    A list has `find` look for their ids first; where that cannot tell, `words` of the rows, or their ids of
    MusicBrainz, do.
    """

    def __init__(self, find: FindIds, *mbz_fields: str, **options: Any) -> None:
        super().__init__(**options)
        self.find = find
        self.mbz_fields = mbz_fields

    def filter_texts(self, rows: QuerySet[Any], texts: list[str]) -> QuerySet[Any]:
        return having_words(rows, " ".join(texts), *self.mbz_fields)
