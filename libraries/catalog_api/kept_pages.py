"""Pages of lists from orders that are kept: any order, that of what a viewer has of some rows, and a random one."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from django.db.models import QuerySet

from libraries.catalog_api.extension import Asked, Sort
from libraries.catalog_api.kept_orders import KeptOrder
from libraries.catalog_api.sorting import RANDOM, ids_in_order, ids_with_value
from libraries.limits import ListLimits
from navidrome_lib.limits import limits_of


def by_ids(sort: Sort) -> bool:
    """Whether the ids alone are kept, whatever the values of the order are."""
    return sort is RANDOM or sort.valued is not None or sort == Sort("pk")


class KeptPages:
    """One page that is asked for: from place `first` to before `end` of the rows in an order, or to the end."""

    def __init__(
        self, rows: QuerySet[Any], sort: Sort, asked: Asked, *, descending: bool, first: int, end: int | None
    ) -> None:
        self._rows = rows
        self._sort = sort
        self._asked = asked
        self._descending = descending
        self._first, self._end = first, end

    def all_ids(self) -> list[str]:
        """The ids of all rows, as they are kept."""
        sort = Sort("pk") if by_ids(self._sort) else self._sort
        return ids_in_order(self._rows, sort, self._asked, descending=False)

    def page_in(self, opened: AbstractContextManager[KeptOrder | None]) -> tuple[list[str], int] | None:
        """As `page_of`, of an order of `OrderKeeper`; None also where there is none."""
        with opened as order:
            return None if order is None else self.page_of(order)

    def page_of(self, order: KeptOrder) -> tuple[list[str], int] | None:
        """The ids of the page, and how many rows there are; None where the viewer has something of too many rows."""
        first, descending = self._first, self._descending
        end = order.length if self._end is None else min(self._end, order.length)
        if self._sort is RANDOM:
            return order.shuffled(first, end, seed=self._asked.seed, descending=descending), order.length
        if self._sort.valued is None:
            return order.page(first, end, descending=descending), order.length
        ids = self._by_value(order, first, max(end, first))
        return None if ids is None else (ids, order.length)

    def _by_value(self, order: KeptOrder, first: int, end: int) -> list[str] | None:
        """Rows without a value come first, in the order of their ids; descending is the whole order backwards."""
        most = limits_of(ListLimits).valued_rows
        valued = ids_with_value(self._rows, self._sort, self._asked, end=most + 1)
        if len(valued) > most:
            return None
        skipped = sorted(valued)
        if self._descending:
            before = len(valued)
            rest = order.others(max(first - before, 0), max(end - before, 0), skipped, descending=True)
            return valued[first:end] + rest
        before = max(order.length - len(valued), 0)
        rest = valued[::-1][max(first - before, 0) : max(end - before, 0)]
        return order.others(first, end, skipped, descending=False) + rest
