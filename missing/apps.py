"""Missing files: tracks whose file is gone, their removal and its undoing."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MissingConfig(AppConfig):
    name = "missing"
    verbose_name = _("Missing files")
