"""The admin site itself: its pages have a menu of their own in the place of Django's list of all models."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite


class Pages(UnfoldAdminSite):
    """Unfold's site, which makes the list of all models only where it is looked at: that was a ninth of each page."""

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        make = super().get_app_list
        return SimpleLazyObject(lambda: make(request, app_label))
