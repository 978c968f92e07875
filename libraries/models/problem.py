"""What a scan could not read, file by file."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from libraries.labels import PROBLEM_KIND_LABELS
from libraries.models.library import Library
from libraries.models.scan import Scan
from libraries.querysets import ProblemQuerySet
from navidrome_lib.db.fields import KeyField


class ScanProblem(models.Model):
    """One row per file or folder with problem; it resolves itself when the file reads again."""

    library = models.ForeignKey(
        Library, verbose_name=_("library"), on_delete=models.CASCADE, db_index=False, related_name="problems"
    )
    scan = models.ForeignKey(Scan, null=True, on_delete=models.SET_NULL, related_name="problems")
    path = models.TextField(help_text=_("Relative to the library folder."))
    path_bytes = models.BinaryField()
    path_key = KeyField(max_length=32, editable=False)
    kind = models.CharField(_("kind"), max_length=16, choices=PROBLEM_KIND_LABELS)
    message = models.TextField()
    # the change key of the file when it failed: an unchanged bad file is not read again by a quick scan
    size = models.BigIntegerField(default=0)
    mtime_ns = models.BigIntegerField(default=0)
    ctime_ns = models.BigIntegerField(default=0)
    inode = models.BigIntegerField(default=0)
    # how often in a row this very file failed for a reason that may pass
    attempts = models.PositiveIntegerField(default=0)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))
    resolved_at = models.DateTimeField(_("resolved"), null=True)

    objects = ProblemQuerySet.as_manager()

    class Meta:
        verbose_name = _("problem")
        verbose_name_plural = _("problems")
        constraints = [models.UniqueConstraint(fields=["library", "path_key"], name="problem_path_unique")]
        indexes = [
            models.Index(fields=["library"], condition=Q(resolved_at__isnull=True), name="problem_open_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"
