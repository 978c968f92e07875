"""The index of words, for rows of words that a test writes by other means than the program."""

from __future__ import annotations

from django.db import connection

from libraries.search.index import FULL_TEXT


def rebuild_index() -> None:
    """Rebuild the full-text table from the words."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {FULL_TEXT} ({FULL_TEXT}) VALUES ('rebuild')")  # noqa: S608 - own names
