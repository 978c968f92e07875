"""A purge as JSON lines: one line per file with everything that is known of it."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from libraries.models import Library
from missing.models import Purge
from missing.records import read_records
from navidrome_lib.db.bulk import chunks

# tracks that are in memory at once, with all that hangs on them
BATCH = 200


def export_lines(purge: Purge) -> Iterator[bytes]:
    """The files that an undo would bring back, by library and id, a line at a time."""
    names = dict(Library.objects.active().values_list("pk", "name"))
    ids = list(purge.files.order_by("library", "pk").values_list("pk", flat=True))
    for piece in chunks(ids, BATCH):
        records = {record["track"]["id"]: record for record in read_records(piece)}
        for pk in piece:
            known = records.get(pk)
            # not those that came back, or left with their library, since the export began
            if known and known["track"]["purge_id"] == purge.pk and known["track"]["library_id"] in names:
                track = known["track"]
                place = {"purgeId": purge.pk, "id": pk, "path": track["path"], "library": names[track["library_id"]]}
                yield orjson.dumps({**place, **known}, option=orjson.OPT_APPEND_NEWLINE)
