"""What a scan remembers of its folders, written so that it never hides what others changed in them meanwhile.

The digest of a folder promises that its present tracks are the files that the digest was made of. The scan of another
library, a relink or an undo that changes tracks of the folder puts a value of its own in place of the digest (see
`libraries.digests.look_again`). A scan that knows less may not replace that: each statement here does so only as
long as the digest is the one that the scan has read or written itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection

from libraries.models import Folder
from navidrome_lib.db.bulk import chunks, lock_rows, placeholders, quoted, table

Row = tuple[str, str, str]
"""(the digest that the scan knows of, the new one, the id)."""


def save_listed(rows: Sequence[Row]) -> None:
    """Folders that were listed: they are there, and their digest is the new one."""
    digest, missing = quoted("digest"), quoted("missing")
    _run(
        f"""UPDATE {table(Folder)} SET {missing} = FALSE,
            {digest} = CASE WHEN {digest} IN (%s, '') THEN %s ELSE {digest} END WHERE id = %s""",  # noqa: S608 - own names
        rows,
    )


def save_gone(rows: Sequence[Row]) -> None:
    """Folders whose absence was proved and whose tracks have been dealt with."""
    digest, missing = quoted("digest"), quoted("missing")
    _run(
        f"""UPDATE {table(Folder)} SET {missing} = TRUE, {digest} = %s
            WHERE {digest} IN (%s, '') AND id = %s""",  # noqa: S608 - own names
        [(new, known, pk) for known, new, pk in rows],
    )


def lock_folders(ids: Iterable[str]) -> None:
    """Hold folders until the transaction ends: a writer of folders and tracks locks the folders first."""
    for piece in chunks(sorted(set(ids))):
        lock_rows(Folder, f"id IN ({placeholders(piece)})", piece)


def _run(sql: str, rows: Sequence[tuple[str, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(sql, rows)
