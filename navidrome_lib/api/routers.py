"""Routes whose last slash is optional."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase
from django.urls import URLPattern, re_path
from rest_framework.routers import SimpleRouter


class OptionalSlashRouter(SimpleRouter):
    """`/api/library` and `/api/library/` are the same address; an id is anything but a slash."""

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"

    def get_lookup_regex(self, viewset: Any, lookup_prefix: str = "") -> str:
        return f"(?P<{lookup_prefix}pk>[^/]+)"


def route(path: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
    """One path (a regular expression without anchors) with an optional last slash."""
    return re_path(rf"^{path}/?$", view, name=name)
