"""A folder below a library's root; the root itself has the empty path."""

from __future__ import annotations

from django.db import models

from libraries.models.library import Library
from libraries.querysets import FolderQuerySet
from navidrome_lib.db.fields import KeyField, id_field


class Folder(models.Model):
    """`path_bytes` are the exact bytes relative to the root, `path` a clean text of them for people."""

    id = id_field()
    library = models.ForeignKey(Library, on_delete=models.CASCADE, db_index=False, related_name="folders")
    path = models.TextField()
    path_bytes = models.BinaryField()
    # 32 hex digits of the path's bytes: a path can be longer than an index entry may be
    path_key = KeyField(max_length=32, editable=False)
    # what the last scan saw directly inside: names, sizes and times in one value; empty: look again
    digest = KeyField(max_length=32, default="", editable=False)
    missing = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField()

    objects = FolderQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["library", "path_key"], name="folder_path_unique")]

    def __str__(self) -> str:
        return self.path or "/"
