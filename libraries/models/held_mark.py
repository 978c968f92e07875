"""What a scan did not dare to do by itself."""

from __future__ import annotations

from django.db import models

from libraries.models.media_file import MediaFile
from libraries.models.scan import Scan


class HeldMark(models.Model):
    """A track that a held scan would have marked missing."""

    scan = models.ForeignKey(Scan, on_delete=models.CASCADE, db_index=False, related_name="held_marks")
    media_file = models.ForeignKey(MediaFile, on_delete=models.CASCADE, related_name="held_marks")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scan", "media_file"], name="held_mark_unique")]

    def __str__(self) -> str:
        return f"{self.media_file_id} held by {self.scan_id}"
