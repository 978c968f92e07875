"""Missing files as their own kind of thing, and the purges that hide some of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Count, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from libraries.fields import id_field
from libraries.models import Library, MediaFile
from libraries.querysets import MediaFileQuerySet
from missing.querysets import MissingFileQuerySet

KEPT = timedelta(days=30)


class MissingFileManager(models.Manager["MissingFile"]):
    """Only the missing ones that no purge hides."""

    def get_queryset(self) -> MissingFileQuerySet:
        return MissingFileQuerySet(self.model, using=self._db).missing()


class MissingFile(MediaFile):
    """A track whose file a complete, successful listing of its folder did not find, and that no purge hides."""

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
        """Those that have happened and whose time is not over."""
        return self.filter(expires_at__gt=timezone.now())

    def with_restorable(self) -> Self:
        """Adds `restorable`: how many files an undo would bring back."""
        # counted by itself: a join would multiply the purges by their files before they are sorted
        files = MediaFile.objects.purged().filter(purge_id=OuterRef("pk"), library__deleted_at__isnull=True).order_by()
        counted = files.values("purge_id").annotate(n=Count("pk")).values("n")
        return self.annotate(restorable=Coalesce(Subquery(counted), Value(0)))


class Purge(models.Model):
    """One removal of missing files from all lists. Until `expires_at` it can be undone: their rows carry its id."""

    id = id_field()
    created_at = models.DateTimeField(_("purged"), auto_now_add=True)
    created_by = models.CharField(_("by"), max_length=255, blank=True)
    reason = models.CharField(_("reason"), max_length=16, choices=PurgeReason.choices, default=PurgeReason.REQUEST)
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

    @property
    def files(self) -> MediaFileQuerySet:
        """The tracks that an undo would bring back: not those that returned by themselves."""
        return MediaFile.objects.purged().filter(purge_id=self.pk, library__deleted_at__isnull=True)


class OfflinePeriod(models.Model):
    """A time in which the storage of a library was away; open while it still is. Retention does not count it."""

    library = models.ForeignKey(Library, on_delete=models.CASCADE, db_index=False, related_name="offline_periods")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["library", "started_at"], name="offline_period_unique")]

    def __str__(self) -> str:
        return f"{self.library_id} since {self.started_at:%Y-%m-%d %H:%M}"
