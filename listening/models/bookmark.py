"""Where a person stopped in a track."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from libraries.models import MediaFile
from listening.querysets import OfPersonQuerySet


class Bookmark(models.Model):
    """One for a person and a track; `position` in milliseconds."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="+")
    media_file = models.ForeignKey(MediaFile, on_delete=models.CASCADE, related_name="bookmarks")
    position = models.PositiveBigIntegerField(default=0)
    comment = models.TextField(default="", blank=True)
    changed_by = models.CharField(max_length=255, default="", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = OfPersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("bookmark")
        verbose_name_plural = _("bookmarks")
        constraints = [models.UniqueConstraint(fields=["user", "media_file"], name="bookmark_unique")]

    def __str__(self) -> str:
        return f"{self.media_file_id} at {self.position} ms"
