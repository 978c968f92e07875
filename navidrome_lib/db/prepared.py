"""Queries whose SQL is built once per process. See `docs/decisions/prepared-queries.md`."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Field, Model, QuerySet
from django.db.models.query import FlatValuesListIterable, ModelIterable, ValuesListIterable
from django.db.transaction import mark_for_rollback_on_error

from navidrome_lib.db.bulk import chunks, table
from navidrome_lib.db.constants import write_constants
from navidrome_lib.db.tuples import Rows, TupleReader

T = TypeVar("T")
# texts of a list from which on it is quicker to read all rows that there are
MANY: Final = 2_000
# stand for the values while the SQL is built, and are in no query otherwise
_NUMBERS_FROM: Final = 2**62 + 2**31
_TEXT: Final = "\ue000prepared %d"


class _Built(NamedTuple):
    """A query with its SQL; `places` are the positions of the values among the parameters.

    What finds plain values, or models and nothing else, has a `reader`, and what the tuples that it reads become.
    """

    queryset: QuerySet[Any, Any]
    compiler: Any
    sql: str
    parameters: tuple[Any, ...]
    converters: Any
    places: tuple[tuple[int, int], ...]
    reader: TupleReader | None
    become: Callable[[Rows], list[Any]]


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
        if built.reader is not None:
            return built.become(built.reader.read(connection, built.sql, parameters))
        return self._instances(built, connection, parameters)

    def _instances(self, built: _Built, connection: Any, parameters: list[Any]) -> list[T]:
        """What Django makes of the rows."""
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
        changing = {at for at, value in enumerate(parameters) if self._is_mine(value)}
        sql, parameters = write_constants(connection.vendor, sql, parameters, changing)
        places = [(at, self._stand_ins[value]) for at, value in enumerate(parameters) if self._is_mine(value)]
        if {number for _, number in places} != set(range(len(self._stand_ins))):
            raise ValueError("A value of a prepared query is no parameter of its own.")
        converters = compiler.get_converters([column for column, *_ in compiler.select[: compiler.col_count]])
        become = _tuples_become(queryset, compiler)
        reader = TupleReader(connection, converters) if become is not None else None
        built = _Built(queryset, compiler, sql, tuple(parameters), converters, tuple(places), reader, become or list)
        return self._built.setdefault(connection.vendor, built)

    def _is_mine(self, value: object) -> bool:
        return isinstance(value, (str, int)) and value in self._stand_ins


def _tuples_become(queryset: QuerySet[Any, Any], compiler: Any) -> Callable[[Rows], list[Any]] | None:
    """What makes the rows of a query of the tuples that it selects; None where Django has more to do."""
    found: Any = queryset
    kind = found._iterable_class
    if kind is ValuesListIterable:
        return list
    if kind is FlatValuesListIterable:
        return lambda rows: [value for (value,) in rows]
    known = queryset.query
    has_more = known.select_related or known.annotations or known.extra or found._prefetch_related_lookups
    if kind is not ModelIterable or has_more or known.deferred_loading[0]:
        return None
    names = [column.target.attname for column, *_ in compiler.select]
    make = queryset.model.from_db
    return lambda rows: [make(DEFAULT_DB_ALIAS, names, row) for row in rows]


class PreparedIn(Generic[T]):
    """A query for the rows that a list of texts chooses (or of `kind`), built for each power of two that it fits in.

    `build` gets the list, and has `field__in` of it as its only parameters that change, but for values of the types
    `kinds` that it gets behind the list. With a query for the `whole`, which gets those values, all rows are read for a
    list of many, and those are passed over that have no text of it in their `column`.
    """

    def __init__(
        self,
        build: Callable[..., QuerySet[Any, T]],
        *kinds: type[str] | type[int],
        kind: type[str] | type[int] = str,
        whole: Callable[..., QuerySet[Any, Any]] | None = None,
        column: int = 0,
    ) -> None:
        self._build = build
        self._kind = kind
        self._kinds = kinds
        self._whole = whole
        self._column = column
        self._queries: dict[int, PreparedQuery[T]] = {}

    def rows(self, texts: Collection[str] | Collection[int], *values: str | int) -> list[T]:
        """What the query finds now, in pieces for long lists; a row is found once, however often it is named."""
        if self._whole is not None and len(texts) > MANY:
            wanted: frozenset[Any] = frozenset(texts)
            return [row for row in self._whole(*values) if row[self._column] in wanted]
        found: list[T] = []
        every: Collection[Any] = texts
        for piece in chunks(dict.fromkeys(every)):
            size = 1 << (len(piece) - 1).bit_length()
            # the places that are left over name the last one again
            found += self._of_size(size).rows(*piece, *[piece[-1]] * (size - len(piece)), *values)
        return found

    def _of_size(self, size: int) -> PreparedQuery[T]:
        if size not in self._queries:

            def build(*values: Any) -> QuerySet[Any, T]:
                return self._build(values[:size], *values[size:])

            self._queries[size] = PreparedQuery(build, *[self._kind] * size, *self._kinds)
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


class PreparedUpdate:
    """An UPDATE of the columns `changed` of the rows in whose columns `where` are given values, none of them null."""

    def __init__(self, model: type[Model], changed: Sequence[str], where: Sequence[str]) -> None:
        self._model = model
        self._changed = tuple(changed)
        self._where = tuple(where)
        self._built: dict[str, tuple[str, list[Field[Any, Any]]]] = {}

    def run(self, changed: Sequence[Any], where: Sequence[Any]) -> int:
        """Write the values, in the order of their columns; how many rows were changed."""
        connection = connections[DEFAULT_DB_ALIAS]
        sql, fields = self._built.get(connection.vendor) or self._build_for(connection)
        values = zip(fields, (*changed, *where), strict=True)
        with mark_for_rollback_on_error(DEFAULT_DB_ALIAS), connection.cursor() as cursor:
            cursor.execute(sql, [field.get_db_prep_save(value, connection) for field, value in values])
            return int(cursor.rowcount)

    def _build_for(self, connection: Any) -> tuple[str, list[Field[Any, Any]]]:
        known = {field.name: field for field in self._model._meta.concrete_fields}
        fields = [known[name] for name in (*self._changed, *self._where)]
        names = [f"{connection.ops.quote_name(field.column)} = %s" for field in fields]
        sets, conditions = names[: len(self._changed)], names[len(self._changed) :]
        sql = f"UPDATE {table(self._model)} SET {', '.join(sets)} WHERE {' AND '.join(conditions)}"  # noqa: S608 - own names
        return self._built.setdefault(connection.vendor, (sql, fields))
