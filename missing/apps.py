"""Missing files: tracks whose file is gone, their removal and its undoing."""

from __future__ import annotations

from django.apps import AppConfig


class MissingConfig(AppConfig):
    name = "missing"
    verbose_name = "Missing files"
