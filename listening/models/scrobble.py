"""Every play of a track, with its time."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from libraries.models import MediaFile
from listening.querysets import OfPersonQuerySet


class Scrobble(models.Model):
    """One play; `submission_time` is when the listener heard it, which may be told later."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="+")
    media_file = models.ForeignKey(MediaFile, on_delete=models.CASCADE, related_name="scrobbles")
    submission_time = models.DateTimeField(_("played"))

    objects = OfPersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("play")
        verbose_name_plural = _("plays")
        indexes = [models.Index(fields=["user", "submission_time"], name="scrobble_user_time_idx")]

    def __str__(self) -> str:
        return f"{self.media_file_id} at {self.submission_time:%Y-%m-%d %H:%M}"
