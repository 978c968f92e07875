"""Where other storage begins below a library's root."""

from __future__ import annotations

from django.db import models

from libraries.models.library import Library
from navidrome_lib.db.fields import KeyField


class MountPoint(models.Model):
    """A folder of a library on which a disk is mounted, or a followed link to one, and what tells disks apart.

    Written before the tracks of the disk are, so that a disk that goes away is known to have been there.
    """

    library = models.ForeignKey(Library, on_delete=models.CASCADE, db_index=False, related_name="mount_points")
    path = models.TextField()
    path_bytes = models.BinaryField()
    path_key = KeyField(max_length=32, editable=False)
    device = models.BigIntegerField()
    inode = models.BigIntegerField()
    # 0: the system gives none
    fsid = models.BigIntegerField(default=0)
    # reached through a link: that one is removed on purpose, a mount point may be removed with its mount
    linked = models.BooleanField(default=False)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["library", "path_key"], name="mount_point_path_unique")]

    def __str__(self) -> str:
        return self.path
