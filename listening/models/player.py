"""A program with which a person listens."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from listening.models.transcoding import Transcoding
from listening.querysets import OfPersonQuerySet
from navidrome_lib.db.fields import id_field


class Player(models.Model):
    """One for a person, a client and its user agent. `max_bit_rate` in kbit/s, 0: no limit."""

    id = id_field()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="players")
    name = models.CharField(_("name"), max_length=255)
    client = models.CharField(_("client"), max_length=255)
    user_agent = models.CharField(_("user agent"), max_length=255, default="", blank=True)
    ip = models.CharField(_("address"), max_length=64, default="", blank=True)
    last_seen = models.DateTimeField(_("last seen"), auto_now_add=True)
    # null: the original files are sent
    transcoding = models.ForeignKey(
        Transcoding, verbose_name=_("transcoding"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    max_bit_rate = models.PositiveIntegerField(_("bit rate limit"), default=0, help_text=_("kbit/s; 0: no limit."))
    report_real_path = models.BooleanField(_("show real paths"), default=False)
    scrobble_enabled = models.BooleanField(_("send plays to other services"), default=True)

    objects = OfPersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("player")
        verbose_name_plural = _("players")
        constraints = [models.UniqueConstraint(fields=["user", "client", "user_agent"], name="player_unique")]

    def __str__(self) -> str:
        return self.name
