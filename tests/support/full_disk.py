"""A database on a full disk, made for real on SQLite and by its own words on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, models


@contextmanager
def full_database(*tables: type[models.Model]) -> Iterator[None]:
    """The database takes no more rows of these tables, and says why as it does on a full disk.

    SQLite may not have one more page; of PostgreSQL's own words only the reason for them is made up.
    """
    names = [model._meta.db_table for model in tables]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("VACUUM")  # other tests have left pages that would have to be filled first
            pages = cursor.execute("PRAGMA page_count").fetchone()[0]
            cursor.execute(f"PRAGMA max_page_count={pages}")
        else:
            cursor.execute(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$"
            )
            for name in names:
                cursor.execute(f"CREATE TRIGGER full_disk BEFORE INSERT ON {name} EXECUTE FUNCTION full_disk()")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA max_page_count=4294967294")
            else:
                cursor.execute("DROP FUNCTION full_disk CASCADE")
