"""Queries whose SQL is built once per process. See `docs/decisions/prepared-queries.md`."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection
from typing import Any, Final, Generic, NamedTuple, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet

from navidrome_lib.db.bulk import chunks

T = TypeVar("T")
# texts of a list from which on it is quicker to read all rows that there are
MANY: Final = 2_000
# stand for the values while the SQL is built, and are in no query otherwise
_NUMBERS_FROM: Final = 2**62 + 2**31
_TEXT: Final = "\ue000prepared %d"


class _Built(NamedTuple):
    """A query with its SQL; `places` are the positions of the values among the parameters."""

    queryset: QuerySet[Any, Any]
    compiler: Any
    sql: str
    parameters: tuple[Any, ...]
    converters: Any
    places: tuple[tuple[int, int], ...]


class PreparedQuery(Generic[T]):
    """A query with values of the types `kinds` (str or int), each of which is a parameter as it is.

    `build` gets stand-ins for the values, and must lead to the same SQL for all of them. Rows that a condition on a
    list or a part of a text chooses are no case for this.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, T]], *kinds: type[str] | type[int]) -> None:
        self._build = build
        self._stand_ins = {_TEXT % at if kind is str else _NUMBERS_FROM + at: at for at, kind in enumerate(kinds)}
        self._built: dict[str, _Built] = {}

    def rows(self, *values: str | int) -> list[T]:
        """What the query finds now."""
        connection = connections[DEFAULT_DB_ALIAS]
        try:
            built = self._built.get(connection.vendor) or self._build_for(connection)
        except EmptyResultSet:  # no row can be what it asks for
            return []
        parameters = list(built.parameters)
        for position, number in built.places:
            parameters[position] = values[number]
        compiler = copy.copy(built.compiler)
        compiler.connection = connection
        compiler.as_sql = lambda *_, **__: (built.sql, parameters)
        compiler.get_converters = lambda _: built.converters
        rows = built.queryset.all()
        rows.query.get_compiler = lambda *_, **__: compiler  # type: ignore[method-assign]
        return list(rows)

    def first(self, *values: str | int) -> T | None:
        """The first row; the query itself should ask for no more."""
        return next(iter(self.rows(*values)), None)

    def _build_for(self, connection: Any) -> _Built:
        queryset = self._build(*self._stand_ins)
        compiler = queryset.query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        places = [(at, self._stand_ins[value]) for at, value in enumerate(parameters) if self._is_mine(value)]
        if {number for _, number in places} != set(range(len(self._stand_ins))):
            raise ValueError("A value of a prepared query is no parameter of its own.")
        converters = compiler.get_converters([column for column, *_ in compiler.select[: compiler.col_count]])
        built = _Built(queryset, compiler, sql, tuple(parameters), converters, tuple(places))
        return self._built.setdefault(connection.vendor, built)

    def _is_mine(self, value: object) -> bool:
        return isinstance(value, (str, int)) and value in self._stand_ins


class PreparedIn(Generic[T]):
    """A query for the rows that a list of texts chooses, built once for each power of two that such a list fits in.

    `build` gets the list, and has `field__in` of it as its only parameters that change, but for values of the types
    `kinds` that it gets behind the list. With a query for the `whole`, which gets those values, all rows are read for a
    list of many, and those are passed over that have no text of it in their `column`.
    """

    def __init__(
        self,
        build: Callable[..., QuerySet[Any, T]],
        *kinds: type[str] | type[int],
        whole: Callable[..., QuerySet[Any, Any]] | None = None,
        column: int = 0,
    ) -> None:
        self._build = build
        self._kinds = kinds
        self._whole = whole
        self._column = column
        self._queries: dict[int, PreparedQuery[T]] = {}

    def rows(self, texts: Collection[str], *values: str | int) -> list[T]:
        """What the query finds now, in pieces for long lists; a row is found once, however often it is named."""
        if self._whole is not None and len(texts) > MANY:
            wanted = frozenset(texts)
            return [row for row in self._whole(*values) if row[self._column] in wanted]
        found: list[T] = []
        for piece in chunks(dict.fromkeys(texts)):
            size = 1 << (len(piece) - 1).bit_length()
            # the places that are left over name the last one again
            found += self._of_size(size).rows(*piece, *[piece[-1]] * (size - len(piece)), *values)
        return found

    def _of_size(self, size: int) -> PreparedQuery[T]:
        if size not in self._queries:

            def build(*values: Any) -> QuerySet[Any, T]:
                return self._build(values[:size], *values[size:])

            self._queries[size] = PreparedQuery(build, *[str] * size, *self._kinds)
        return self._queries[size]


class PreparedCount:
    """How many rows a queryset has, asked with the same statement each time."""

    def __init__(self, queryset: QuerySet[Any, Any]) -> None:
        self._queryset = queryset
        self._statement: tuple[str, Any] | None = None

    def read(self) -> int:
        """The number of rows now."""
        if self._statement is None:
            with connections[DEFAULT_DB_ALIAS].execute_wrapper(self._note):
                return self._queryset.all().count()
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(*self._statement)
            (number,) = cursor.fetchone()
        return int(number)

    def _note(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self._statement = sql, params
        return execute(sql, params, many, context)
