"""The users app: sign-in, permissions, and access to libraries."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class UsersConfig(AppConfig):
    name = "users"
    verbose_name = _("People")

    def ready(self) -> None:
        """Groups, which are Django's own, stand beside the users."""
        apps.get_app_config("auth").verbose_name = _("People")
        for receivers in ("users.sessions", "users.setup_code"):
            import_module(receivers)  # connects them; models exist only now
