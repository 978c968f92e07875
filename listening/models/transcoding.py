"""How audio is converted for players that want another format."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from navidrome_lib.db.fields import id_field
from navidrome_lib.db.saving import SavesChanges


class Transcoding(SavesChanges):
    """A format and the command that makes it: `%s` stands for the file, `%b` for kbit/s, `%t` for the start in s."""

    id = id_field()
    name = models.CharField(_("name"), max_length=255, unique=True)
    target_format = models.CharField(_("format"), max_length=32, unique=True)
    command = models.TextField(_("command"), default="", blank=True)
    default_bit_rate = models.PositiveIntegerField(_("bit rate"), default=0, help_text=_("kbit/s; 0: as it comes."))

    class Meta:
        verbose_name = _("transcoding")
        verbose_name_plural = _("transcodings")

    def __str__(self) -> str:
        return self.name
