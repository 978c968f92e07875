"""Health, insights, configuration and inspection."""

from __future__ import annotations

from django.apps import AppConfig


class SystemConfig(AppConfig):
    name = "navidrome_lib.system"
    label = "system"
