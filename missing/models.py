"""Missing files as their own kind of thing, and the records that make a purge undoable."""

from __future__ import annotations

from django.db import models

from libraries.fields import KeyField, id_field
from libraries.models import Library, MediaFile
from libraries.querysets import MediaFileQuerySet


class MissingFileManager(models.Manager["MissingFile"]):
    """Only the missing ones."""

    def get_queryset(self) -> MediaFileQuerySet:
        return MediaFileQuerySet(self.model, using=self._db).missing()


class MissingFile(MediaFile):
    """A track whose file a complete, successful listing of its folder did not find."""

    objects = MissingFileManager()  # type: ignore[assignment,misc]

    class Meta:
        proxy = True


class Purge(models.Model):
    """One removal of missing files. Until `expires_at` it can be undone; its files are kept as `PurgedFile` rows."""

    id = id_field()
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=255, blank=True)
    reason = models.CharField(max_length=16, default="request", help_text="request or retention")
    file_count = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    restored_count = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="purge_created_idx")]

    def __str__(self) -> str:
        return f"{self.file_count} files on {self.created_at:%Y-%m-%d %H:%M}"


class PurgedFile(models.Model):
    """Everything that was known of one removed track, enough to bring it back with its id."""

    purge = models.ForeignKey(Purge, on_delete=models.CASCADE, db_index=False, related_name="files")
    library = models.ForeignKey(Library, on_delete=models.CASCADE, related_name="purged_files")
    media_file_id = KeyField(max_length=22)
    path = models.TextField()
    title = models.TextField(default="")
    data = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["purge", "id"], name="purged_file_purge_idx")]

    def __str__(self) -> str:
        return self.path
