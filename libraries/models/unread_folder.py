"""Files of a folder that announce audio of a kind that is not read."""

from __future__ import annotations

from django.db import models

from libraries.models.library import Library
from navidrome_lib.db.fields import KeyField


class UnreadFolder(models.Model):
    """How many files of a folder are of kinds that are not read, by suffix; a folder without any has no row.

    Kept by folder, so that a scan of some folders leaves what is known of the others.
    """

    library = models.ForeignKey(Library, on_delete=models.CASCADE, db_index=False, related_name="unread_folders")
    path_bytes = models.BinaryField()
    path_key = KeyField(max_length=32, editable=False)
    files = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["library", "path_key"], name="unread_folder_path_unique")]

    def __str__(self) -> str:
        return ", ".join(f"{count} .{suffix}" for suffix, count in sorted(self.files.items()))
