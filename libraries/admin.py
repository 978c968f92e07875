"""The catalog in the admin site: libraries can be changed, what the scanner wrote can be looked at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from unfold.admin import ModelAdmin

from libraries import services
from libraries.forms import LibraryForm
from libraries.models import ACTIVE_STATES, Library, Scan, ScanProblem, ScanTrigger
from libraries.serializers import library_status
from navidrome_lib.errors import DomainError


class ReadOnlyAdmin(ModelAdmin):
    """Rows that only the scanner writes, scoped by what the viewer may see."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).visible_to(request.user)
        return rows


@admin.register(Library)
class LibraryAdmin(ModelAdmin):
    """Libraries, with “scan now”. Every change goes through the services."""

    form = LibraryForm
    list_display = ("name", "path", "status", "songs", "size", "missing", "last_scan_at", "scanning")
    search_fields = ("name", "path")
    ordering = ("name_key",)
    actions = ("scan_quick", "scan_full", "remove_libraries")
    fieldsets = (
        (None, {"fields": ("name", "path", "allow_overlap", "default_new_users")}),
        ("Scan options", {"fields": ("recursive", "follow_symlinks", "patterns")}),
        ("Storage", {"fields": ("anchor_file",)}),
        ("Missing files", {"fields": ("held_percent", "held_count", "missing_retention_days")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Library]:
        rows: QuerySet[Library] = super().get_queryset(request).visible_to(request.user).with_scan_state()
        return rows

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)  # it would delete row by row, and not ask the services
        return actions

    @admin.display(description="status")
    def status(self, library: Library) -> str:
        state, reason = library_status(library)
        return f"{state}: {reason}" if reason else state

    @admin.display(description="songs", ordering="total_songs")
    def songs(self, library: Library) -> int:
        return library.total_songs

    @admin.display(description="size", ordering="total_size")
    def size(self, library: Library) -> str:
        return filesizeformat(library.total_size)

    @admin.display(description="missing", ordering="total_missing_files")
    def missing(self, library: Library) -> int:
        return library.total_missing_files

    @admin.display(description="scanning", boolean=True)
    def scanning(self, library: Library) -> bool:
        return bool(getattr(library, "scan_active", False))

    def save_model(self, request: HttpRequest, obj: Library, form: LibraryForm, change: bool) -> None:
        values, who = form.values(form.cleaned_data), str(request.user)
        overlap = bool(form.cleaned_data.get("allow_overlap"))
        if change:
            stored = Library.objects.get(pk=obj.pk)
            services.update_library(stored, values=values, allow_overlap=overlap, requested_by=who)
        else:
            obj.pk = services.create_library(**values, allow_overlap=overlap, requested_by=who).pk

    def delete_model(self, request: HttpRequest, obj: Library) -> None:
        services.delete_library(obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Say what goes without loading it: a library can have a million rows."""
        said = [
            f"“{library}”: {library.total_songs} songs in the catalog. No file on the disk is touched."
            for library in objs
        ]
        return said, {}, set(), []

    @admin.action(description="Scan now")
    def scan_quick(self, request: HttpRequest, queryset: QuerySet[Library]) -> None:
        self.request_scans(request, queryset, full=False)

    @admin.action(description="Scan now, reading every file again")
    def scan_full(self, request: HttpRequest, queryset: QuerySet[Library]) -> None:
        self.request_scans(request, queryset, full=True)

    @admin.action(description="Remove from the catalog (files stay)", permissions=["delete"])
    def remove_libraries(self, request: HttpRequest, queryset: QuerySet[Library]) -> None:
        for library in queryset:
            services.delete_library(library)
            self.message_user(request, f"“{library}” was removed from the catalog.", messages.SUCCESS)

    def request_scans(self, request: HttpRequest, queryset: QuerySet[Library], *, full: bool) -> None:
        for library in queryset:
            try:
                services.request_scan(library, trigger=ScanTrigger.ADMIN, full=full, requested_by=str(request.user))
            except DomainError as error:
                self.message_user(request, f"{library}: {error.message}", messages.ERROR)
            else:
                self.message_user(request, f"A scan of “{library}” was queued.", messages.SUCCESS)


@admin.register(Scan)
class ScanAdmin(ReadOnlyAdmin):
    """Scans, the newest first."""

    list_display = (
        "id", "library", "kind", "trigger", "state", "seen", "added", "updated", "moved", "missing", "failed",
        "requested_at", "finished_at",
    )  # fmt: skip
    list_filter = ("state", "library", "trigger")
    list_select_related = ("library",)
    ordering = ("-pk",)
    actions = ("cancel",)

    @admin.display(description="type")
    def kind(self, scan: Scan) -> str:
        return scan.type

    @admin.action(description="Cancel")
    def cancel(self, request: HttpRequest, queryset: QuerySet[Scan]) -> None:
        for scan in queryset.filter(state__in=ACTIVE_STATES):
            services.cancel_scan(scan)
            self.message_user(request, f"{scan} is being cancelled.", messages.SUCCESS)


@admin.register(ScanProblem)
class ProblemAdmin(ReadOnlyAdmin):
    """Files that could not be read."""

    list_display = ("path", "library", "kind", "message", "last_seen_at", "resolved_at")
    list_filter = ("kind", "library", ("resolved_at", admin.EmptyFieldListFilter))
    list_select_related = ("library",)
    search_fields = ("path", "message")
    ordering = ("path",)
