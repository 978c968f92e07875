"""What lists and single objects of the catalog have in common: which rows, in which order, and bytes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import orjson
from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request

from libraries.catalog_api.common import JSON
from libraries.catalog_api.extension import Asked, Resource, Sort, WireObject, additions
from libraries.catalog_api.filters import CatalogFilter, CatalogFilterSet, asked_filters
from libraries.catalog_api.kept_orders import OrderKeeper
from libraries.catalog_api.kept_pages import KeptPages, by_ids
from libraries.catalog_api.sorting import RANDOM, ids_in_order, is_indexed
from libraries.limits import ListLimits
from libraries.visible import LibraryFacts, library_facts
from navidrome_lib.api.filters import asked_sort
from navidrome_lib.api.pagination import ALL, asked_range
from navidrome_lib.api.permissions import IsSignedIn
from navidrome_lib.db.ids import can_be_id
from navidrome_lib.errors import NotFound
from navidrome_lib.limits import limits_of
from navidrome_lib.viewer import Viewer, viewer_of

ID = OpenApiParameter("id", OpenApiTypes.STR, OpenApiParameter.PATH)
# objects that are made at once: what is looked up for them stays in bounds
PIECE = 500

Libraries = Mapping[int, LibraryFacts]


class CatalogView(GenericAPIView[Any]):
    """What a list and one object of a resource have in common; a subclass says which rows and how they look."""

    permission_classes = (IsSignedIn,)
    filter_backends = (CatalogFilter,)
    resource: ClassVar[Resource | None] = None
    filterset_class: ClassVar[type[CatalogFilterSet]]
    sorts: ClassVar[Mapping[str, Sort]] = {}
    # where nothing else is asked for: in the order in which rows came
    default_sort: ClassVar[Sort] = Sort("pk")
    # with no others, the order of a large list is kept; none of them depends on the viewer
    kept_filters: ClassVar[frozenset[str]] = frozenset({"library_id", "missing"})

    def rows(self, libraries: Libraries, viewer: Viewer) -> QuerySet[Any]:
        """The rows that may be seen, for who can access these libraries and no others."""
        raise NotImplementedError

    def objects(self, ids: Sequence[str], viewer: Viewer, libraries: Libraries) -> list[WireObject]:
        """The objects with these ids, in this order."""
        raise NotImplementedError

    def kept_total(self, libraries: Libraries) -> int:
        """How many rows there are without any filter, as far as that is kept."""
        return 0

    @classmethod
    def all_sorts(cls) -> dict[str, Sort]:
        """Every sort by its key."""
        added = {key: sort for addition in additions(cls.resource) for key, sort in addition.sorts.items()}
        return {**cls.sorts, **added}

    def get_queryset(self) -> QuerySet[Any]:
        viewer = viewer_of(self.request)
        return self.rows(library_facts(viewer), viewer)

    def answer_list(self, request: Request) -> HttpResponse:
        """The page that a query asks for."""
        viewer = viewer_of(request)
        libraries = library_facts(viewer)
        every = self.rows(libraries, viewer)
        rows = CatalogFilter().filter_queryset(request, every, self)
        ids, total = self._page(request, rows, libraries, filtered=rows is not every)
        body = b"[" + b",".join(self._pieces(ids, viewer, libraries)) + b"]"
        return json_answer(body, {"X-Total-Count": str(total)})

    def _page(
        self, request: Request, rows: QuerySet[Any], libraries: Libraries, *, filtered: bool
    ) -> tuple[list[Any], int]:
        """The ids of the page that a query asks for, and how many rows there are."""
        first, last = asked_range(request.query_params)
        key = asked_sort(request)
        sort = self.all_sorts().get(key, self.default_sort)
        asked = Asked(viewer_of(request), request.query_params.get("seed", ""))
        descending = request.query_params.get("_order", "").upper() == "DESC"
        if (first, last) == ALL:
            every = ids_in_order(rows, sort, asked, descending=descending)
            return every, len(every)
        end = max(last, first) if last is not None else None
        limit = limits_of(ListLimits).kept_from
        pages = KeptPages(rows, sort, asked, descending=descending, first=first, end=end)
        keeper = self._keeper(request, key, sort, libraries)
        if keeper is not None:
            with keeper.kept() as order:
                if order is not None and (found := pages.page_of(order)) is not None:
                    return found
        total = 0 if filtered else self.kept_total(libraries)
        if total < limit:
            total = rows.order_by().count()
        if keeper is not None and total >= limit and not (first < limit and is_indexed(rows.model, sort)):
            with keeper.made(pages.all_ids) as order:
                if order is not None and (found := pages.page_of(order)) is not None:
                    return found
        return ids_in_order(rows, sort, asked, descending=descending, first=first, end=end), total

    def _keeper(self, request: Request, key: str, sort: Sort, libraries: Libraries) -> OrderKeeper | None:
        """What keeps the order; None for one that depends on the viewer, or on filters that hardly come twice."""
        if key not in self.sorts and sort.valued is None:
            return None
        data = asked_filters(request)
        named = {name for name in self.filterset_class.all_filters() if name in data}
        if named - self.kept_filters:
            return None
        filters = [[name, data.getlist(name)] for name in sorted(named)]
        order = "" if by_ids(sort) else key
        return OrderKeeper([type(self).__name__, order, filters], libraries, random=sort is RANDOM)

    def _pieces(self, ids: Sequence[str], viewer: Viewer, libraries: Libraries) -> Iterator[bytes]:
        for at in range(0, len(ids), PIECE):
            if objects := self.objects(ids[at : at + PIECE], viewer, libraries):
                yield orjson.dumps(objects, option=JSON)[1:-1]

    def answer_one(self, request: Request, pk: str) -> HttpResponse:
        """The object with this id; NotFound for one that does not exist, or that the viewer cannot see."""
        viewer = viewer_of(request)
        libraries = library_facts(viewer)
        known = can_be_id(pk) and self.rows(libraries, viewer).filter(pk=pk).exists()
        objects = self.objects([pk], viewer, libraries) if known else []
        if not objects:
            raise NotFound
        return json_answer(orjson.dumps(objects[0], option=JSON))


def json_answer(body: bytes, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """JSON that is written already."""
    return HttpResponse(body, content_type="application/json", headers=dict(headers or {}))
