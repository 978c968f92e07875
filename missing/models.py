"""Missing files as their own kind of thing, and the records that make a purge undoable."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Count, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from libraries.fields import KeyField, id_field
from libraries.models import Library, MediaFile
from missing.querysets import MissingFileQuerySet

KEPT = timedelta(days=30)


class MissingFileManager(models.Manager["MissingFile"]):
    """Only the missing ones."""

    def get_queryset(self) -> MissingFileQuerySet:
        return MissingFileQuerySet(self.model, using=self._db).filter(missing=True)


class MissingFile(MediaFile):
    """A track whose file a complete, successful listing of its folder did not find."""

    objects = MissingFileManager()  # type: ignore[assignment,misc]

    class Meta:
        proxy = True
        verbose_name = _("missing file")
        verbose_name_plural = _("missing files")


def default_expiry() -> datetime:
    """How long a purge can be undone."""
    return timezone.now() + KEPT


class PurgeReason(models.TextChoices):
    """What asked for a purge."""

    REQUEST = "request", _("Request")
    RETENTION = "retention", _("Retention")


class PurgeQuerySet(QuerySet["Purge"]):
    """Purges."""

    def done(self) -> Self:
        """Those that have happened: not being prepared, and not yet forgotten."""
        return self.filter(done_at__isnull=False, expires_at__gt=timezone.now())

    def with_restorable(self) -> Self:
        """Adds `restorable`: how many files an undo would bring back."""
        # counted by itself: a join would multiply the purges by their files before they are sorted
        files = PurgedFile.objects.filter(purge=OuterRef("pk"), library__deleted_at__isnull=True).order_by()
        counted = files.values("purge").annotate(n=Count("pk")).values("n")
        return self.annotate(restorable=Coalesce(Subquery(counted), Value(0)))


class Purge(models.Model):
    """One removal of missing files. Until `expires_at` it can be undone; its files are kept as `PurgedFile` rows."""

    id = id_field()
    created_at = models.DateTimeField(_("purged"), auto_now_add=True)
    created_by = models.CharField(_("by"), max_length=255, blank=True)
    reason = models.CharField(_("reason"), max_length=16, choices=PurgeReason.choices, default=PurgeReason.REQUEST)
    # null while the records are being written: nothing has been removed yet, and nobody sees it
    done_at = models.DateTimeField(null=True)
    file_count = models.PositiveIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)
    expires_at = models.DateTimeField(_("can be undone until"), default=default_expiry)
    undone_at = models.DateTimeField(null=True)
    restored_count = models.PositiveIntegerField(_("brought back"), default=0)

    objects = PurgeQuerySet.as_manager()

    class Meta:
        verbose_name = _("purge")
        verbose_name_plural = _("purges")
        indexes = [models.Index(fields=["created_at"], name="purge_created_idx")]

    def __str__(self) -> str:
        said = ngettext("%(count)s file on %(day)s", "%(count)s files on %(day)s", self.file_count)
        return said % {"count": self.file_count, "day": f"{self.created_at:%Y-%m-%d %H:%M}"}


class PurgedFile(models.Model):
    """Everything that was known of one removed track, enough to bring it back with its id."""

    purge = models.ForeignKey(Purge, on_delete=models.CASCADE, db_index=False, related_name="files")
    library = models.ForeignKey(Library, on_delete=models.CASCADE, related_name="purged_files")
    media_file_id = KeyField(max_length=22)
    path = models.TextField()
    title = models.TextField(default="")
    size = models.BigIntegerField(default=0)
    missing_since = models.DateTimeField(null=True)
    # see `missing.records`
    data = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["purge", "id"], name="purged_file_purge_idx")]

    def __str__(self) -> str:
        return self.path


class OfflinePeriod(models.Model):
    """A time in which the storage of a library was away; open while it still is. Retention does not count it."""

    library = models.ForeignKey(Library, on_delete=models.CASCADE, db_index=False, related_name="offline_periods")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["library", "started_at"], name="offline_period_unique")]

    def __str__(self) -> str:
        return f"{self.library_id} since {self.started_at:%Y-%m-%d %H:%M}"
