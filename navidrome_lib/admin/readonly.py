"""Pages of the admin site that only show."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


class ReadOnlyRows:
    """Mixed into a page of rows that are not added, changed or deleted by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
