"""Everything that a database says of its schema, in a form in which two of them can be compared."""

from __future__ import annotations

import re

from django.db import connection

POSTGRESQL = (
    """SELECT table_name, column_name, data_type, character_maximum_length, numeric_precision, is_nullable,
        column_default, is_identity, collation_name
        FROM information_schema.columns WHERE table_schema = 'public'""",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace""",
)
SQLITE = "SELECT type, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"


def describe() -> set[str]:
    """One line for each column, index and constraint of the default database; their order does not count."""
    with connection.cursor() as cursor:
        lines = set()
        if connection.vendor == "postgresql":
            for query in POSTGRESQL:
                cursor.execute(query)
                lines |= set(map(str, cursor.fetchall()))
            return lines
        cursor.execute(SQLITE)
        for kind, table, sql in cursor.fetchall():
            words = " ".join(sql.split())
            parts = clauses(words) if kind == "table" and words.startswith("CREATE TABLE") else [words]
            lines |= {f"{table}: {part}" for part in parts}
        return lines


def clauses(sql: str) -> list[str]:
    """The parts of `CREATE TABLE name (part, part, …)`."""
    depth, parts = 0, [""]
    for character in re.sub(r"^[^(]*\(|\)[^)]*$", "", sql):
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]
