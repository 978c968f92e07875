"""The admin site as an app of Django: loaded by those who serve or check it.

Commands and workers start in three quarters of the time without its pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.contrib.admin import autodiscover
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks


class AdminConfig(SimpleAdminConfig):
    """`navidrome_lib.urls` discovers what is registered, and so do the checks."""

    default_site = "navidrome_lib.admin.pages.Pages"

    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(_check_admin, checks.Tags.admin)


def _check_admin(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[checks.CheckMessage]:
    autodiscover()
    return list(check_admin_app(app_configs, **options))
