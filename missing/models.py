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

from libraries.models import Library, MediaFile
from libraries.querysets import MediaFileQuerySet
from missing.querysets import MissingFileQuerySet
from navidrome_lib.db.annotations import Annotation
from navidrome_lib.db.fields import id_field

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

    REQUEST = "request", _("Manual")
    RETENTION = "retention", _("Retention")


class PurgeQuerySet(QuerySet["Purge"]):
    """Purges."""

    def over(self, lived_seconds: float) -> Self:
        """Those that the server has kept for so long, while it lived, that their time is over."""
        return self.filter(counted_from__lte=lived_seconds - KEPT.total_seconds())

    def with_restorable(self) -> Self:
        """Adds `restorable`: how many files an undo would bring back."""
        # counted by itself: a join would multiply the purges by their files before they are sorted
        files = MediaFile.objects.purged().filter(purge_id=OuterRef("pk"), library__deleted_at__isnull=True).order_by()
        counted = files.values("purge_id").annotate(n=Count("pk")).values("n")
        return self.annotate(restorable=Coalesce(Subquery(counted), Value(0)))


class Purge(models.Model):
    """One removal of missing files from all lists, which can be undone as long as it is there: their rows carry its id.

    It goes when the server has lived for 30 days with it. `expires_at` says when that will be at the earliest.
    """

    id = id_field()
    created_at = models.DateTimeField(_("purged"), auto_now_add=True)
    created_by = models.CharField(_("by"), max_length=255, blank=True)
    reason = models.CharField(_("reason"), max_length=16, choices=PurgeReason.choices, default=PurgeReason.REQUEST)
    file_count = models.PositiveIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)
    expires_at = models.DateTimeField(_("can be undone until"), default=default_expiry)
    # the lived seconds of the server when the first look found the purge; null: not yet
    counted_from = models.FloatField(null=True)
    undone_at = models.DateTimeField(null=True)
    restored_count = models.PositiveIntegerField(_("restored"), default=0)

    restorable = Annotation[int]("with_restorable")

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


class OnlineTime(models.Model):
    """How long a library was online, in seconds that the server lived through; retention goes by it.

    Counted from one look to the next: a look finds a library online or not, and what lies between two looks counts
    when both found it online.
    """

    library = models.OneToOneField(Library, on_delete=models.CASCADE, primary_key=True, related_name="online_time")
    seconds = models.FloatField(default=0)
    # the last look: the lived seconds of the server, and whether the library was online
    looked_at_seconds = models.FloatField()
    was_online = models.BooleanField(default=False)
    # the last complete scan that a look has found, and `seconds` as they were before that look
    scanned_at = models.DateTimeField(null=True)
    scanned_seconds = models.FloatField(default=0)

    def __str__(self) -> str:
        return f"{self.library_id}: {self.seconds:.0f} s online"


class Absence(models.Model):
    """The files of a library that went missing at one moment; `since_seconds` is the online time when that was seen."""

    library = models.ForeignKey(Library, on_delete=models.CASCADE, db_index=False, related_name="absences")
    missing_since = models.DateTimeField()
    since_seconds = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["library", "missing_since"], name="absence_unique")]

    def __str__(self) -> str:
        return f"{self.library_id}: missing since {self.missing_since:%Y-%m-%d %H:%M}"
