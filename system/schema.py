"""Refuse to migrate a database whose tables are not those of the migrations that it says were applied.

Migrations that were released are never changed (see `tests/schema/README.md`); before the first release they were.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.apps.registry import Apps
from django.core.management import CommandError
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

COLUMNS = {
    "sqlite": "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'",
    "postgresql": """SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = ANY (current_schemas(false))""",
}
NAMES = {
    # a unique constraint without a condition has no index by its name: the words of its table have it
    "sqlite": "SELECT name, COALESCE(sql, '') FROM sqlite_master",
    "postgresql": """SELECT indexname, '' FROM pg_indexes WHERE schemaname = ANY (current_schemas(false))
        UNION SELECT conname, '' FROM pg_constraint""",
}
CONSTRAINT = re.compile(r'CONSTRAINT "([^"]+)"')


def refuse_unknown_schema(*, apps: Apps, using: str, **_: Any) -> None:
    """Answer `pre_migrate`, which comes before the first change: CommandError when something is not there.

    `apps` are the models as the applied migrations leave them; of a new database there are none.
    """
    connection = connections[using]
    missing = next(missing_parts(connection, apps), None) if connection.vendor in COLUMNS else None
    if missing:
        raise CommandError(
            "This database was made by a development version older than the first release and cannot be migrated: "
            f"its {missing} is not there. Nothing was changed. Start with an empty data folder (ND_DATAFOLDER) or "
            "an empty database (DATABASE_URL), where a scan reads the music again; what else is in it can still be "
            "looked up with the version that made it."
        )


def missing_parts(connection: BaseDatabaseWrapper, apps: Apps) -> Iterator[str]:
    """The tables, columns, indexes and constraints that the models have and the database lacks, in words."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    if not models:
        return
    columns, names = read_columns(connection), read_names(connection)
    for meta in (model._meta for model in models if not model._meta.proxy and not model._meta.swapped):
        if meta.db_table not in columns:
            yield f"table {meta.db_table}"
            continue
        for field in meta.local_concrete_fields:
            if field.column not in columns[meta.db_table]:
                yield f"column {field.column} of {meta.db_table}"
        for part in (*meta.indexes, *meta.constraints):
            if part.name not in names:
                yield f"index {part.name} of {meta.db_table}"


def read_columns(connection: BaseDatabaseWrapper) -> dict[str, set[str]]:
    """The columns of all tables."""
    found: dict[str, set[str]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS[connection.vendor])
        for table, column in cursor.fetchall():
            found[table].add(column)
    return found


def read_names(connection: BaseDatabaseWrapper) -> set[str]:
    """The names of all indexes and constraints."""
    with connection.cursor() as cursor:
        cursor.execute(NAMES[connection.vendor])
        rows = cursor.fetchall()
    return {name for name, _ in rows} | {name for _, words in rows for name in CONSTRAINT.findall(words)}
