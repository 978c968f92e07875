"""The catalog: libraries, their folders and tracks, and the scans that fill them."""

from __future__ import annotations

from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LibrariesConfig(AppConfig):
    name = "libraries"
    verbose_name = _("Music")
    # the worker of the one-command server runs it in a thread; its code is loaded there only
    beside_tasks: ClassVar = {"watcher": "libraries.watcher.service.watching"}
