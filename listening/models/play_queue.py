"""What a person was playing, to go on elsewhere."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from libraries.models import MediaFile
from navidrome_lib.db.fields import id_field


class PlayQueue(models.Model):
    """One for a person. `current` is the place of the present track, `position` milliseconds inside it."""

    id = id_field()
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="play_queue")
    current = models.PositiveIntegerField(default=0)
    position = models.PositiveBigIntegerField(default=0)
    # the client that saved it
    changed_by = models.CharField(max_length=255, default="", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("play queue")
        verbose_name_plural = _("play queues")

    def __str__(self) -> str:
        return str(self.user_id)


class PlayQueueTrack(models.Model):
    """A track at its place, from 0; the same track may be there twice."""

    queue = models.ForeignKey(PlayQueue, on_delete=models.CASCADE, db_index=False, related_name="entries")
    position = models.PositiveIntegerField()
    media_file = models.ForeignKey(MediaFile, on_delete=models.CASCADE, related_name="queue_entries")

    class Meta:
        verbose_name = _("entry of a play queue")
        verbose_name_plural = _("entries of play queues")
        constraints = [models.UniqueConstraint(fields=["queue", "position"], name="queue_position_unique")]

    def __str__(self) -> str:
        return f"{self.position}: {self.media_file_id}"
