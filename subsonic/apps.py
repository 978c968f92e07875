"""The Subsonic protocol."""

from __future__ import annotations

from django.apps import AppConfig


class SubsonicConfig(AppConfig):
    name = "subsonic"
