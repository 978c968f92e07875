"""Missing files in the admin site."""

from __future__ import annotations

from django.contrib import admin

from libraries.admin.base import ReadOnlyAdmin
from missing.models import MissingFile


@admin.register(MissingFile)
class MissingFileAdmin(ReadOnlyAdmin):
    """Missing files."""

    list_display = ("path", "library", "missing_since")
    list_filter = ("library",)
    list_select_related = ("library",)
    ordering = ("-pk",)
