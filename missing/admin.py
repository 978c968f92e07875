"""Missing files and purges in the admin site; only admins see them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin

from missing import services
from missing.models import MissingFile, Purge
from missing.preview import preview_purge
from navidrome_lib.errors import DomainError

# the confirmation names this many albums, and says how many there are
SHOWN = 50


class LookOnly(ModelAdmin):
    """Rows that admins can look at, and change by actions only."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_active", False) and getattr(request.user, "is_admin", False))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(MissingFile)
class MissingFileAdmin(LookOnly):
    """Files that are gone from the disk, with “purge”."""

    list_display = ("path", "library", "title", "album", "artist", "last_seen_at", "missing_since")
    list_filter = ("library", "missing_since", "suffix")
    list_select_related = ("library",)
    search_fields = ("path", "title", "album", "artist")
    ordering = ("library__name_key", "path")
    date_hierarchy = "missing_since"
    show_full_result_count = False
    actions = ("purge",)
    fields = (
        "id", "library", "path", "title", "album", "artist", "album_artist", "size", "suffix", "duration",
        "last_seen_at", "missing_since", "created_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[MissingFile]:
        rows: QuerySet[MissingFile] = super().get_queryset(request).visible_to(request.user)
        return rows

    @admin.action(description="Purge from the catalog", permissions=["view"])
    def purge(self, request: HttpRequest, queryset: QuerySet[MissingFile]) -> TemplateResponse | None:
        ids = list(queryset.values_list("pk", flat=True))
        if not request.POST.get("confirmed"):
            return self.ask(request, ids)
        result = services.purge_missing_files(ids, requested_by=str(request.user))
        sentence = f"{len(result.ids)} files were removed from the catalog. This can be undone for 30 days."
        self.message_user(request, sentence, messages.SUCCESS)
        return None

    def ask(self, request: HttpRequest, ids: list[str]) -> TemplateResponse:
        """The page that says what would go."""
        preview = preview_purge(ids)
        context = {
            **self.admin_site.each_context(request),
            "title": "Purge missing files",
            "opts": self.model._meta,
            "preview": preview,
            "albums": preview.albums[:SHOWN],
            "more_albums": max(len(preview.albums) - SHOWN, 0),
            "checkbox": ACTION_CHECKBOX_NAME,
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/missing/purge_confirmation.html", context)


@admin.register(Purge)
class PurgeAdmin(LookOnly):
    """Purges that can still be undone, the newest first."""

    list_display = (
        "created_at", "created_by", "reason", "file_count", "restorable", "restored_count", "expires_at", "undone_at",
    )  # fmt: skip
    list_filter = ("reason", "created_at")
    search_fields = ("created_by",)
    ordering = ("-created_at",)
    actions = ("undo",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Purge]:
        return Purge.objects.done().with_restorable()

    @admin.display(description="restorable")
    def restorable(self, purge: Purge) -> int:
        return int(getattr(purge, "restorable", 0))

    @admin.action(description="Undo: bring the files back as missing ones", permissions=["view"])
    def undo(self, request: HttpRequest, queryset: QuerySet[Purge]) -> None:
        for purge in queryset:
            try:
                result = services.undo_purge(purge)
            except DomainError as error:
                self.message_user(request, f"{purge}: {error.message}", messages.ERROR)
                continue
            self.message_user(request, f"{len(result.ids)} files are in the catalog again.", messages.SUCCESS)
            if result.refused:
                self.message_user(request, f"{len(result.refused)} files could not be restored.", messages.WARNING)
