"""The rows of a statement as tuples, without what Django does for each row and each column on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from django.db.backends.sqlite3.base import FORMAT_QMARK_REGEX
from django.db.models.expressions import Col

Rows = list[tuple[Any, ...]]
# what a column's values become, one step after the other
Steps = Sequence[Callable[[Any], Any]]
# statements whose question marks are known
_STATEMENTS: Final = 512


class TupleReader:
    """Reads what a compiled query of `values_list` selects, as its compiler would."""

    def __init__(self, connection: Any, converters: Mapping[int, tuple[Any, Any]]) -> None:
        steps = {at: _steps(connection, *found) for at, found in converters.items()}
        self._columns = [(at, found) for at, found in steps.items() if found]

    def read(self, connection: Any, sql: str, parameters: Sequence[Any]) -> Rows:
        """All rows."""
        rows = fetch_all(connection, sql, parameters)
        return self._converted(rows) if self._columns else rows

    def _converted(self, rows: Rows) -> Rows:
        found = []
        for row in rows:
            values = list(row)
            for at, steps in self._columns:
                value = values[at]
                for step in steps:
                    value = step(value)
                values[at] = value
            found.append(tuple(values))
        return found


def _steps(connection: Any, converters: Sequence[Callable[..., Any]], expression: Any) -> Steps:
    kind = expression.output_field.get_internal_type()
    if connection.vendor == "sqlite" and isinstance(expression, Col) and len(converters) == 1:
        # the driver has made a bool or a datetime of a column that was declared as one
        if kind == "BooleanField":
            return ()
        if kind == "DateTimeField" and connection.timezone is UTC:
            return (_aware,)
    # a converter is bound to the connection that it was built with; what it is given must be that of the thread
    return [_bound(convert, expression, connection) for convert in converters]


def _aware(value: datetime | None) -> datetime | None:
    return value if value is None else value.replace(tzinfo=UTC)


def _bound(convert: Callable[..., Any], expression: Any, connection: Any) -> Callable[[Any], Any]:
    return lambda value: convert(value, expression, connection)


def fetch_all(connection: Any, sql: str, parameters: Sequence[Any]) -> Rows:
    """All rows that a statement finds, with placeholders as Django writes them."""
    if connection.vendor != "sqlite" or connection.execute_wrappers or connection.queries_logged:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            rows: Rows = cursor.fetchall()
            return rows
    connection.validate_thread_sharing()
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors:
        found: Rows = connection.connection.execute(_with_question_marks(sql), parameters).fetchall()
        return found


def each_row(connection: Any, sql: str, parameters: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """The same one after the other, for thousands: to hold all of them costs more than to read them."""
    if connection.vendor != "sqlite" or connection.execute_wrappers or connection.queries_logged:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            yield from cursor
        return
    connection.validate_thread_sharing()
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors:
        yield from connection.connection.execute(_with_question_marks(sql), parameters)


@lru_cache(_STATEMENTS)
def _with_question_marks(sql: str) -> str:
    """What Django's cursor does to each statement of SQLite, however long; once."""
    return FORMAT_QMARK_REGEX.sub("?", sql).replace("%%", "%")
