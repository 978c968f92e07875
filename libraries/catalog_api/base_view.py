"""What lists and single objects of the catalog have in common: which rows, in which order, and bytes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

import orjson
from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request

from libraries.catalog_api.asked_list import AskedList
from libraries.catalog_api.common import JSON, gathered
from libraries.catalog_api.extension import Resource, Sort, WireObject, additions
from libraries.catalog_api.filters import CatalogFilter, CatalogFilterSet
from libraries.catalog_api.kept_answers import KeptAnswers, key_of
from libraries.catalog_api.kept_orders import OrderKeeper
from libraries.catalog_api.written import Shape, as_array, written
from libraries.limits import ListLimits
from libraries.visible import LibraryFacts, library_facts
from navidrome_lib.api.pagination import ALL, asked_range
from navidrome_lib.api.permissions import IsSignedIn
from navidrome_lib.db.ids import can_be_id
from navidrome_lib.errors import NotFound
from navidrome_lib.limits import limits_of
from navidrome_lib.viewer import Viewer, viewer_of

ID = OpenApiParameter("id", OpenApiTypes.STR, OpenApiParameter.PATH)
# objects that are made at once: what is looked up for them stays in bounds
PIECE = 500

# of lists of tags and genres as they were sent, in the memory of each process
KEPT_LISTS_BYTES: Final = 8 * 1024 * 1024

Libraries = Mapping[int, LibraryFacts]
_lists: Final = KeptAnswers(KEPT_LISTS_BYTES)


class CatalogView(GenericAPIView[Any]):
    """What a list and one object of a resource have in common; a subclass says which rows and how they look."""

    permission_classes = (IsSignedIn,)
    filter_backends = (CatalogFilter,)
    resource: ClassVar[Resource | None] = None
    # how its objects are written, where they are kept
    shape: ClassVar[Shape | None] = None
    filterset_class: ClassVar[type[CatalogFilterSet]]
    sorts: ClassVar[Mapping[str, Sort]] = {}
    # where nothing else is asked for: in the order in which rows came
    default_sort: ClassVar[Sort] = Sort("pk")
    # with no others, the order of a large list is kept; none of them depends on the viewer
    kept_filters: ClassVar[frozenset[str]] = frozenset({"library_id", "missing"})
    # whether its rows are among what is gathered behind scans, and nothing else; apps add nothing to them
    is_gathered: ClassVar[bool] = False

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

    @classmethod
    def sort_of(cls, key: str) -> Sort:
        """The sort with a key; for one that there is not, the order in which rows came."""
        found = cls.sorts.get(key)
        if found is None:
            found = next((each.sorts[key] for each in additions(cls.resource) if key in each.sorts), cls.default_sort)
        return found

    def get_queryset(self) -> QuerySet[Any]:
        viewer = viewer_of(self.request)
        return self.rows(library_facts(viewer), viewer)

    def answer_list(self, request: Request) -> HttpResponse:
        """The page that a query asks for."""
        viewer = viewer_of(request)
        libraries = library_facts(viewer)
        if self.is_gathered and gathered(libraries):
            body, total = self._kept_list(request, viewer, libraries)
        else:
            body, total = self._list(request, viewer, libraries)
        return json_answer(body, {"X-Total-Count": total})

    def _kept_list(self, request: Request, viewer: Viewer, libraries: Libraries) -> tuple[bytes, str]:
        """As `_list`, of what is gathered, once it is: it follows from the query and the libraries as they are."""
        query = request._request.META.get("QUERY_STRING", "")
        key = key_of(viewer, libraries, type(self).__name__, query)
        known = _lists.get(key)
        if known is None:
            known = self._list(request, viewer, libraries)
            _lists.put(key, *known)
        return known

    def _list(self, request: Request, viewer: Viewer, libraries: Libraries) -> tuple[bytes, str]:
        """The page that a query asks for, and how many rows there are."""
        asked = AskedList(self, request, libraries)
        if asked.reads_gathered():
            gathered(libraries)
        ids, total = self._page(asked)
        return b"[" + b",".join(self._pieces(ids, viewer, libraries)) + b"]", str(total)

    def _page(self, asked: AskedList) -> tuple[list[Any], int]:
        """The ids of the page that a query asks for, and how many rows there are."""
        first, last = asked_range(asked.query)
        if asked.finds_nothing():
            return [], 0
        if (first, last) == ALL:
            every = asked.ids(0, None)
            return every, len(every)
        end = max(last, first) if last is not None else None
        keeper = asked.keeper()
        if keeper is None and asked.filters and end is not None:
            return _filtered_page(asked, first, end)
        return self._ordered_page(asked, keeper, first, end)

    def _ordered_page(
        self, asked: AskedList, keeper: OrderKeeper | None, first: int, end: int | None
    ) -> tuple[list[Any], int]:
        """A page of a list that may be long: its order is kept, and so is how many it has, where that is worth it."""
        if keeper is not None:
            with keeper.kept() as order:
                if order is not None and (found := asked.pages(first, end).page_of(order)) is not None:
                    return found
        limit = limits_of(ListLimits).kept_from
        total = 0 if asked.filters else self.kept_total(asked.libraries)
        if total < limit:
            total = asked.count()
        if keeper is not None and total >= limit and not (first < limit and asked.is_indexed()):
            pages = asked.pages(first, end)
            if (found := pages.page_in(keeper.made(pages.all_ids))) is not None:
                return found
        return asked.ids(first, end), total

    def _pieces(self, ids: Sequence[str], viewer: Viewer, libraries: Libraries) -> Iterator[bytes]:
        for at in range(0, len(ids), PIECE):
            piece = ids[at : at + PIECE]
            if self.shape is not None:
                text = as_array(written(self.shape, piece, viewer, libraries))
            else:
                text = orjson.dumps(self.objects(piece, viewer, libraries), option=JSON)
            if len(text) > len(b"[]"):
                yield text[1:-1]

    def answer_one(self, request: Request, pk: str) -> HttpResponse:
        """The object with this id; NotFound for one that does not exist, or that the viewer cannot see."""
        viewer = viewer_of(request)
        libraries = library_facts(viewer)
        known = can_be_id(pk) and self.rows(libraries, viewer).filter(pk=pk).exists()
        objects = self.objects([pk], viewer, libraries) if known else []
        if not objects:
            raise NotFound
        return json_answer(orjson.dumps(objects[0], option=JSON))


def _filtered_page(asked: AskedList, first: int, end: int) -> tuple[list[Any], int]:
    """A page of a list that its filters make short as a rule: it is counted only where the page cannot tell."""
    few = asked.few(limits_of(ListLimits).few)
    if few is not None:
        return few[first:end], len(few)
    # a page that is not full says how many there are
    ids = asked.ids(first, end + 1)
    is_last = len(ids) <= end - first and (ids or not first)
    return ids[: end - first], first + len(ids) if is_last else asked.count()


def json_answer(body: bytes, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """JSON that is written already."""
    return HttpResponse(body, content_type="application/json", headers=dict(headers or {}))
