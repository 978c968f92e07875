"""What a scan changed, folder by folder."""

from __future__ import annotations

from django.db import models

from libraries.labels import CHANGE_KIND_LABELS
from libraries.models.scan import Scan
from navidrome_lib.db.fields import KeyField


class ScanChange(models.Model):
    """How many files of one folder a scan changed in one way. A scan that was redone has the changes of all attempts.

    A moved file counts in the folder that it came to; only then `from_folder` says where it was, which may be the same
    folder. The libraries are numbers and no keys: a change outlives the other library of a move.
    """

    scan = models.ForeignKey(Scan, on_delete=models.CASCADE, db_index=False, related_name="changes")
    kind = models.CharField(max_length=16, choices=CHANGE_KIND_LABELS)
    library_number = models.PositiveBigIntegerField()
    # the clean text of the path and 32 hex digits of its bytes, as in `Folder`
    folder = models.TextField()
    folder_key = KeyField(max_length=32, editable=False)
    from_library_number = models.PositiveBigIntegerField(default=0)
    from_folder = models.TextField(default="")
    from_key = KeyField(max_length=32, default="", editable=False)
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            # the folder comes before the kind: lists are grouped by folder
            models.UniqueConstraint(
                fields=["scan", "library_number", "folder_key", "kind", "from_library_number", "from_key"],
                name="scan_change_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.kind} in {self.folder or '/'}"
