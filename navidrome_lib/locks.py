"""One at a time, across processes and machines, for what no constraint can express."""

from __future__ import annotations

import hashlib

from django.db import connection


def lock_until_commit(name: str) -> None:
    """Hold the lock `name` until the present transaction ends.

    PostgreSQL has advisory locks for this. On SQLite every transaction of ours begins with the write lock of the whole
    database (`transaction_mode` IMMEDIATE), so it is held already.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a lock until commit needs a transaction")
    if connection.vendor == "postgresql":
        number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
