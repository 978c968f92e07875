"""The statements of lists, kept for lists that are asked for again: on another page, or by the next client.

To have Django build the filters, the count and the order of a list takes longer than to run them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import orjson
from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet

from navidrome_lib.db.constants import write_constants
from navidrome_lib.db.json_texts import JsonTexts
from navidrome_lib.db.tuples import Rows, each_row, fetch_all

# lists whose statements a process keeps, each a few kilobytes
MOST: Final = 256
# stands for ids in a statement that is kept for any of them; no parameter is this text otherwise
FOUND_IDS: Final = JsonTexts("\ue000found\ue001")


class Statement(NamedTuple):
    """A statement with its values; one without a text finds nothing."""

    sql: str
    values: tuple[Any, ...]

    def ids(self, first: int, end: int | None) -> list[Any]:
        """The first column of the rows from place `first` to before `end`, or of all rows."""
        return [row[0] for row in self.rows(first, end)]

    def rows(self, first: int, end: int | None) -> Rows:
        """The rows from place `first` to before `end`, or all."""
        if not self.sql or end == first:
            return []
        sql = self.sql
        if end is not None:
            sql += f" LIMIT {end - first}" + (f" OFFSET {first}" if first else "")
        return fetch_all(connections[DEFAULT_DB_ALIAS], sql, self.values)

    def with_found(self, array: str) -> Statement:
        """The same of rows with the ids of a JSON array."""
        return self._replace(values=tuple(array if value == FOUND_IDS.array else value for value in self.values))

    def counting(self) -> Statement:
        """What counts the rows."""
        return self._replace(sql=f"SELECT COUNT(*) FROM ({self.sql}) rows") if self.sql else self  # noqa: S608


class ListStatements(NamedTuple):
    """How the ids of a list are found, in its order, and in the order that costs least."""

    ordered: Statement
    every: Statement

    def with_found(self, ids: Sequence[str]) -> ListStatements:
        """The same of rows with these ids, where it was built for `FOUND_IDS`."""
        array = orjson.dumps(ids).decode()
        return ListStatements(*(each.with_found(array) for each in self))

    def total(self) -> int:
        """How many rows there are."""
        return next(iter(self.every.counting().ids(0, None)), 0)


class StatementCache:
    """Statements by all that they depend on; those that were asked for last."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, ListStatements] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable, build: Callable[[], ListStatements]) -> ListStatements:
        """The statements that have a key; built where there are none."""
        key = (connections[DEFAULT_DB_ALIAS].vendor, key)
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
                return known
        found = build()
        with self._lock:
            self._known[key] = found
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return found


STATEMENTS: Final = StatementCache()


def statements_of(ordered: QuerySet[Any], every: QuerySet[Any], *columns: str) -> ListStatements:
    """Those of a list of ids in their order, and of the same rows in any order; or of some `columns`, the id first."""
    return ListStatements(_statement(ordered), _statement(every.order_by().values_list(*(columns or ("pk",)))))


def _statement(queryset: QuerySet[Any]) -> Statement:
    connection = connections[DEFAULT_DB_ALIAS]
    try:
        sql, values = queryset.query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return Statement("", ())
    return Statement(*write_constants(connection.vendor, sql, values))


def rows_of(queryset: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of a list of columns that need no conversion, of which there may be very many."""
    found = _statement(queryset)
    return each_row(connections[DEFAULT_DB_ALIAS], found.sql, found.values) if found.sql else iter(())
