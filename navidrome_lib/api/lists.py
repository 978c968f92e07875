"""Lists whose queries are built once for all admins who ask the same."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from navidrome_lib.api.pagination import ALL, asked_range
from navidrome_lib.db.prepared import PreparedCount, PreparedQuery
from navidrome_lib.viewer import is_admin

# questions that are remembered; when there are more, it begins again
MOST: Final = 32
# a longer query string is no question that is asked again
LONGEST: Final = 200


class PreparedPage:
    """A range of a list, and how many rows the whole list has."""

    def __init__(self, queryset: QuerySet[Any], first: int, end: int | None) -> None:
        self._whole = (first, end) == ALL
        stop = None if end is None else max(end, first)
        self._rows = PreparedQuery(lambda: queryset if self._whole else queryset[first:stop])
        self._count = PreparedCount(queryset)

    def read(self) -> tuple[list[Any], int]:
        """The rows, and the number of all."""
        total = 0 if self._whole else self._count.read()
        rows = self._rows.rows()
        return rows, len(rows) if self._whole else total


class PreparedPages:
    """A view that remembers its pages.

    `get_queryset` must lead to the same query for all who see everything, and no filter may depend on the time of day.
    """

    _pages: Final[dict[tuple[type, str], PreparedPage]] = {}

    def asked(self: Any, request: Request) -> QuerySet[Any]:
        """What the list is a range of."""
        rows: QuerySet[Any] = self.filter_queryset(self.get_queryset())
        return rows

    def prepared_page(self: Any, request: Request) -> PreparedPage | None:
        """The page that was asked for before; None for one that is asked for by few."""
        asked = request._request.META.get("QUERY_STRING", "")
        if not is_admin(request) or len(asked) > LONGEST or "jwt" in asked:
            return None
        page: PreparedPage | None = self._pages.get((type(self), asked))
        if page is None:
            page = PreparedPage(self.asked(request), *asked_range(request.query_params))
            if len(self._pages) >= MOST:
                self._pages.clear()
            self._pages[type(self), asked] = page
        return page


class PreparedListMixin(PreparedPages, ListModelMixin):
    """Answers a list as `ListModelMixin` does."""

    def list(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.prepared_page(request)
        if page is None:
            answer: Response = ListModelMixin.list(self, request, *args, **kwargs)
            return answer
        rows, total = page.read()
        return Response(self.get_serializer(rows, many=True).data, headers={"X-Total-Count": str(total)})
