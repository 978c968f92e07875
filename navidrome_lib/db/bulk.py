"""Many rows at once, the fast way of each database: plain SQL in one call, no model objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Sized
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, islice
from typing import Any, TypeVar

from django.db import IntegrityError, connection, models

T = TypeVar("T")
Row = Sequence[Any]

# SQLite takes 32,766 parameters and plans long lists badly
CHUNK = 500
# 32 MB
_CHECKPOINT_PAGES = 4000


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """`items` in lists of at most `size`."""
    iterator = iter(items)
    while piece := list(islice(iterator, size)):
        yield piece


def quoted(name: str) -> str:
    """A name of a table or column, ready for plain SQL."""
    return connection.ops.quote_name(name)


def table(model: type[models.Model]) -> str:
    """The quoted name of a model's table."""
    return quoted(model._meta.db_table)


def placeholders(values: Sized) -> str:
    """A placeholder for each of some values, ready for plain SQL."""
    return ", ".join(["%s"] * len(values))


def db_datetime(value: datetime | None) -> Any:
    """A point in time as this database takes it in plain SQL."""
    return connection.ops.adapt_datetimefield_value(value) if connection.vendor == "sqlite" else value


@contextmanager
def rare_checkpoints() -> Iterator[None]:
    """SQLite moves what this connection commits into the database file in larger portions, each page less often."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        before = cursor.execute("PRAGMA wal_autocheckpoint").fetchone()[0]
        cursor.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA wal_autocheckpoint={before}")


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert `rows`; none may exist already."""
    if not rows:
        return
    names = ", ".join(map(quoted, columns))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Django gives the driver's errors its own names everywhere but here
            with connection.wrap_database_errors, cursor.copy(f"COPY {table(model)} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        cursor.executemany(f"INSERT INTO {table(model)} ({names}) VALUES ({placeholders(columns)})", rows)  # noqa: S608 - own names


def insert_new_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert those of `rows` that break no unique constraint."""
    insert_or(model, columns, rows, "DO NOTHING")


def insert_or(model: type[models.Model], columns: Sequence[str], rows: Sequence[Row], conflict: str) -> None:
    """Insert `rows`; what is to be done `ON CONFLICT`, in SQL, follows where one breaks a unique constraint."""
    names = ", ".join(map(quoted, columns))
    row = f"({placeholders(columns)})"
    sql = f"INSERT INTO {table(model)} ({names}) VALUES {{}} ON CONFLICT {conflict}"  # noqa: S608 - own names
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.executemany(sql.format(row), rows)
            return
        # one statement for many rows: PostgreSQL takes longer to plan one for each than to insert them
        for piece in chunks(rows):
            cursor.execute(sql.format(", ".join([row] * len(piece))), list(chain.from_iterable(piece)))


def lock_referenced_rows(model: type[models.Model], ids: Iterable[Any]) -> None:
    """Keep rows from being deleted until this transaction ends; raises IntegrityError when one of them is gone.

    What a foreign key does row by row, for as many rows as refer to them: code that deletes such rows locks them first.
    """
    lock = "FOR KEY SHARE" if connection.vendor == "postgresql" else ""  # SQLite has but one writer
    with connection.cursor() as cursor:
        for piece in chunks(sorted(set(ids))):
            held = f"SELECT id FROM {table(model)} WHERE id IN ({placeholders(piece)}) ORDER BY id {lock}"  # noqa: S608 - own names
            cursor.execute(f"SELECT count(*) FROM ({held}) AS held", piece)  # noqa: S608 - own names
            if cursor.fetchone() != (len(piece),):
                raise IntegrityError(f"a row of {model.__name__} is gone that others are about to refer to")


def lock_rows(model: type[models.Model], condition: str, values: Sequence[Any]) -> None:
    """Lock the rows of a model that meet a condition in SQL, in the order of their ids, until this transaction ends.

    A statement that counts behind it sees what others have committed, and those who count later wait. Others may go
    on referring to the rows.
    """
    if connection.vendor == "postgresql":  # SQLite has but one writer
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*) FROM (SELECT id FROM {table(model)} WHERE {condition} ORDER BY id "  # noqa: S608
                "FOR NO KEY UPDATE) AS locked",
                values,
            )


def keep_rows(model: type[models.Model], ids: Iterable[Any]) -> set[Any]:
    """Those of `ids` that exist; they cannot be deleted until this transaction ends."""
    lock = "FOR KEY SHARE" if connection.vendor == "postgresql" else ""
    found: set[Any] = set()
    with connection.cursor() as cursor:
        for piece in chunks(sorted(set(ids))):
            sql = f"SELECT id FROM {table(model)} WHERE id IN ({placeholders(piece)}) ORDER BY id {lock}"  # noqa: S608
            cursor.execute(sql, piece)
            found.update(pk for (pk,) in cursor.fetchall())
    return found


def update_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Row]) -> int:
    """Set `columns` of the rows whose id is the last value of each row; says how many there were."""
    if not rows:
        return 0
    sets = ", ".join(f"{quoted(column)} = %s" for column in columns)
    key = quoted(str(model._meta.pk.column))
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table(model)} SET {sets} WHERE {key} = %s", rows)  # noqa: S608 - own names
        return int(cursor.rowcount)


def delete_where(model: type[models.Model], column: str, values: Iterable[Any]) -> None:
    """Delete the rows whose `column` is one of `values`."""
    with connection.cursor() as cursor:
        for piece in chunks(values):
            sql = f"DELETE FROM {table(model)} WHERE {quoted(column)} IN ({placeholders(piece)})"  # noqa: S608 - own names
            cursor.execute(sql, piece)
