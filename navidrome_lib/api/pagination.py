"""Lists are bare arrays: `_start` and `_end` choose a range, the total goes in `X-Total-Count`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.db.models import QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

if TYPE_CHECKING:
    from rest_framework.views import APIView

# the range of a whole list
ALL: Final = (0, None)


def bound(text: str | None) -> int | None:
    """A usable bound, or None: clients send `-100`, `NaN`, empty and worse, and all of these mean "not given"."""
    return int(text) if text and re.fullmatch(r"\d{1,15}", text, re.ASCII) else None


# what is no number means "not given"
RANGE = {"anyOf": [{"type": "integer"}, {"type": "string"}]}


def asked_range(query: Mapping[str, str]) -> tuple[int, int | None]:
    """The first row and the row after the last; None for the last means all the rest.

    `_end=0` means all: clients send `_start=0&_end=0` and `_start=-100&_end=0` for that.
    """
    start, end = bound(query.get("_start")) or 0, bound(query.get("_end"))
    return start, None if end == 0 and start == 0 else end


class RangePagination(BasePagination):
    """`_start` (included) to `_end` (excluded; `-1`, `0` or absent: to the end)."""

    total = 0

    def paginate_queryset(
        self, queryset: QuerySet[Any] | Sequence[Any], request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        first, end = asked_range(request.query_params)
        if first == 0 and end is None:
            rows = list(queryset)
            self.total = len(rows)
            return rows
        self.total = queryset.count() if isinstance(queryset, QuerySet) else len(queryset)
        return list(queryset[first : max(end, first) if end is not None else None])

    def get_paginated_response(self, data: Any) -> Response:
        return Response(data, headers={"X-Total-Count": str(self.total)})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return schema

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        texts = {"_start": "first row, from 0", "_end": "row after the last; absent, or 0 as the start is: to the end"}
        return [
            {"name": name, "in": "query", "required": False, "description": text, "schema": RANGE}
            for name, text in texts.items()
        ]
