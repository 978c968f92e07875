"""The list that a request asks for: its rows, their order, and how pages of it are found."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Protocol

from django.db.models import QuerySet
from rest_framework.request import Request

from libraries.catalog_api.extension import Asked, Sort
from libraries.catalog_api.filters import CatalogFilter, CatalogFilterSet, asked_filters
from libraries.catalog_api.kept_orders import OrderKeeper
from libraries.catalog_api.kept_pages import KeptPages, by_ids
from libraries.catalog_api.sorting import RANDOM, ids_in_order, in_order, is_indexed
from libraries.catalog_api.statements import FOUND_IDS, STATEMENTS, ListStatements, rows_of, statements_of
from libraries.visible import LibraryFacts
from navidrome_lib.api.filters import asked_sort
from navidrome_lib.viewer import Viewer, rights_of, viewer_of


class ListView(Protocol):
    """What a list needs of its view."""

    sorts: ClassVar[Mapping[str, Sort]]
    kept_filters: ClassVar[frozenset[str]]
    filterset_class: ClassVar[type[CatalogFilterSet]]

    @classmethod
    def sort_of(cls, key: str) -> Sort:
        """The sort with a key; for one that there is not, the order in which rows came."""

    def rows(self, libraries: Mapping[int, LibraryFacts], viewer: Viewer, /) -> QuerySet[Any]:
        """The rows that may be seen."""


class AskedList:
    """A list of a view, for who can access some libraries."""

    def __init__(self, view: ListView, request: Request, libraries: Mapping[int, LibraryFacts]) -> None:
        self._view = view
        self._request = request
        self.libraries = libraries
        self.query = request.query_params
        self._key = asked_sort(request)
        self._sort = view.sort_of(self._key)
        self._asked = Asked(viewer_of(request), self.query.get("seed", ""))
        self._descending = self.query.get("_order", "").upper() == "DESC"
        data = asked_filters(request)
        self.filters = {name: data.getlist(name) for name in view.filterset_class.named_in(data)}
        # those of them that look for words
        self._words = view.filterset_class.words_in(self.filters)

    def reads_gathered(self) -> bool:
        """Whether a filter reads what is gathered behind scans."""
        return bool(self.filters.keys() & self._view.filterset_class.gathered)

    @cached_property
    def _found(self) -> list[str] | None:
        """The ids of what has all words that are asked for; None where none are, or where the rows are to tell."""
        found: list[str] | None = None
        for name, find in self._words.items():
            ids = find(" ".join(filter(None, self.filters[name])), self._asked.viewer, self.libraries)
            if ids is None:
                return None
            found = ids if found is None else list(set(found).intersection(ids))
        return found

    def finds_nothing(self) -> bool:
        """Whether it is known without a look at rows that there are none, and that the other filters are possible."""
        return self._found == [] and self._statements is not None

    def _filtered(self, found: Any) -> QuerySet[Any]:
        """The rows of the list, where those with the words are found already; None: they are not."""
        every = self._view.rows(self.libraries, self._asked.viewer)
        if found is None:
            return CatalogFilter().filter_queryset(self._request, every, self._view)
        return CatalogFilter().filter_others(self._request, every, self._view, self._words).filter(pk__in=found)

    @cached_property
    def _rows(self) -> QuerySet[Any]:
        return self._filtered(self._found)

    @cached_property
    def _statements(self) -> ListStatements | None:
        """None where the order or a filter depends on more than the query, the viewer and the libraries."""
        sort, viewer = self._sort, self._asked.viewer
        # of words only what they find counts, which the statement is given each time
        words = frozenset[str]() if self._found is None else self._words.keys()
        is_steady = self.filters.keys() - words <= self._view.filterset_class.all_steady()
        if sort.valued is not None or not sort.steady or not is_steady or (sort is RANDOM and not self._asked.seed):
            return None
        filters = tuple((name, *(self.filters[name] if name not in words else ())) for name in sorted(self.filters))
        seed = self._asked.seed if sort is RANDOM else ""
        order = (self._key, self._descending, seed)
        key = (type(self._view), rights_of(viewer), tuple(sorted(self.libraries)), filters, bool(words), *order)
        known = STATEMENTS.find(key, self._build)
        return known if self._found is None else known.with_found(self._found)

    def _build(self) -> ListStatements:
        rows = self._filtered(None if self._found is None else FOUND_IDS)
        ordered = in_order(rows, self._sort, self._asked, descending=self._descending)
        return statements_of(ordered.values_list("pk", flat=True), rows)

    def ids(self, first: int, end: int | None) -> list[Any]:
        """The ids from place `first` to before `end`, or to the end."""
        if self._statements is not None and (end is not None or not first):
            return self._statements.ordered.ids(first, end)
        return ids_in_order(self._rows, self._sort, self._asked, descending=self._descending, first=first, end=end)

    def few(self, most: int) -> list[Any] | None:
        """All ids where there are at most `most`, and their own order is asked for, else None.

        To look for all of them once takes half of counting them before a page is looked for in their order. Of those
        with the words that are asked for there are no more than were found.
        """
        if self._sort != Sort("pk"):
            return None
        most = max(most, len(self._found or ()))
        if self._statements is not None:
            found = self._statements.every.ids(0, most + 1)
        else:
            found = [pk for (pk,) in rows_of(self._rows.order_by().values_list("pk")[: most + 1])]
        return sorted(found, reverse=self._descending) if len(found) <= most else None

    def count(self) -> int:
        """How many rows there are."""
        return self._statements.total() if self._statements is not None else self._rows.order_by().count()

    def pages(self, first: int, end: int | None) -> KeptPages:
        """A page of the same list, where its order is kept."""
        return KeptPages(self._rows, self._sort, self._asked, descending=self._descending, first=first, end=end)

    def is_indexed(self) -> bool:
        """Whether an index has the order."""
        return is_indexed(self._rows.model, self._sort)

    def keeper(self) -> OrderKeeper | None:
        """What keeps the order; None for one that depends on the viewer, or on filters that hardly come twice."""
        view, sort = self._view, self._sort
        if (self._key not in view.sorts and sort.valued is None) or self.filters.keys() - view.kept_filters:
            return None
        filters = [[name, self.filters[name]] for name in sorted(self.filters)]
        order = "" if by_ids(sort) else self._key
        return OrderKeeper([type(view).__name__, order, filters], self.libraries, random=sort is RANDOM)
