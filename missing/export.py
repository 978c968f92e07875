"""A purge as JSON lines: one line per file with everything that was known of it."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from missing.models import Purge


def export_lines(purge: Purge) -> Iterator[bytes]:
    """The files that an undo would bring back, in the order of their removal, a line at a time."""
    rows = purge.files.filter(library__deleted_at__isnull=True).select_related("library").order_by("pk")
    for row in rows.iterator(200):
        known = {"purgeId": purge.pk, "id": row.media_file_id, "path": row.path, "library": row.library.name}
        yield orjson.dumps({**known, **row.data}, option=orjson.OPT_APPEND_NEWLINE)
