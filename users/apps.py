"""People: sign-in, rights, and which libraries each may hear."""

from __future__ import annotations

from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "users"
    verbose_name = "People"
