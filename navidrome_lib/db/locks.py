"""One at a time, across processes and machines, for what no constraint can express; the order of all locks.

A writer that needs several locks takes them in this order, each kind by its key in ascending order, so that no two
transactions ever wait for each other (`docs/scanner.md` says what each of them protects):

1. `lock_accounts` – which accounts there are, and that one of them is an admin
2. `lock_libraries` – names and roots, which must differ between libraries
3. `lock_library` – one library: what is asked of it, and whether it exists
4. rows: the group, the user, the API key; the purge; scans; tracks; albums
5. rows of libraries, for their totals
6. what hangs on these rows: access, counts by artist, problems, audit entries
"""

from __future__ import annotations

import hashlib

from django.db import connection


def lock_accounts() -> None:
    """Hold the right to create, delete, rename, promote or demote accounts until the present transaction ends."""
    lock_until_commit("accounts")


def lock_libraries() -> None:
    """Hold the right to give a name or a root to a library until the present transaction ends."""
    lock_until_commit("libraries")


def lock_library(*library_ids: int) -> None:
    """Hold the right to change, delete or scan libraries until the present transaction ends.

    A scan that runs does not hold it: its lease, which is its own row, is what it proves.
    """
    for library_id in sorted(set(library_ids)):
        lock_until_commit(f"library:{library_id}")


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
