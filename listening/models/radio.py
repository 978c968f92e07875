"""Internet radio stations, the same for everybody."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from navidrome_lib.db.fields import id_field
from navidrome_lib.db.saving import SavesChanges


class Radio(SavesChanges):
    """A station; its stream is played by the client, and does not come through this server."""

    id = id_field()
    name = models.CharField(_("name"), max_length=255, unique=True)
    stream_url = models.URLField(_("stream address"), max_length=2000)
    home_page_url = models.URLField(_("home page"), max_length=2000, default="", blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("radio")
        verbose_name_plural = _("radios")

    def __str__(self) -> str:
        return self.name
