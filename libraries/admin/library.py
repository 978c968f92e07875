"""Libraries: add, change, scan, remove. Every change goes through the services."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from unfold.admin import ModelAdmin
from unfold.decorators import display

from libraries.admin import disk, live
from libraries.admin.base import DiskFormAdmin, RefusalsAdmin, back, may_scan, page, tell
from libraries.admin.cards import cards_of
from libraries.admin.relocate import relocate_view
from libraries.choices import LibraryStatus, ScanTrigger
from libraries.cleanup import attached_to_library
from libraries.forms import LibraryForm
from libraries.labels import LIBRARY_STATUS_LABELS
from libraries.models import Library
from libraries.serializers import library_status
from libraries.services import libraries, scans
from libraries.storage.roots import prepare_targets
from navidrome_lib.admin import formatting
from navidrome_lib.errors import DomainError, InvalidInput
from navidrome_lib.viewer import is_admin, viewer_of

STATES = {"scanning": _lazy("Scanning"), **LIBRARY_STATUS_LABELS}


@admin.register(Library)
class LibraryAdmin(RefusalsAdmin, ModelAdmin, DiskFormAdmin):
    """The libraries' pages: admins change them, other staff view and scan those that they can access."""

    form = LibraryForm
    list_display = ("named", "state", "songs", "size", "missing", "last_scan_at")
    list_display_links = ("named",)
    search_fields = ("name", "path")
    ordering = ("name_key",)
    list_fullwidth = True
    warn_unsaved_form = True
    actions = ("scan_quick", "scan_full")
    change_form_template = "admin/libraries/library/change_form.html"
    delete_confirmation_template = "admin/libraries/library/delete_confirmation.html"
    fieldsets = (
        (None, {"fields": ("name", "path", "allow_overlap", "default_new_users")}),
        (
            _lazy("Scan options"),
            {"fields": ("recursive", "follow_symlinks", "patterns", "text_encoding", "schedule", "watch")},
        ),
        (_lazy("Storage"), {"fields": ("anchor_file", "held_percent", "held_count")}),
        (_lazy("Missing files"), {"fields": ("missing_retention_days",)}),
    )

    class Media:
        js = ("libraries/library.js",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_admin(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_admin(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_admin(request)

    def has_scan_permission(self, request: HttpRequest) -> bool:
        return may_scan(request)

    def get_urls(self) -> list[URLPattern]:
        def guarded(view: Any) -> Any:
            return self.admin_site.admin_view(view)

        own = [
            path("live/", guarded(live.live), name="libraries_library_live"),
            path("formats/", guarded(live.formats), name="libraries_library_formats"),
            path("browse/", guarded(disk.browse), name="libraries_library_browse"),
            path("check/", guarded(disk.check), name="libraries_library_check"),
            path("preview/", guarded(disk.preview), name="libraries_library_preview"),
            path("<int:pk>/relocate/", guarded(relocate_view), name="libraries_library_relocate"),
            path("<int:pk>/scan/", guarded(self.scan_view), name="libraries_library_scan"),
        ]
        return [*own, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Library]:
        rows: Any = super().get_queryset(request)
        found: QuerySet[Library] = rows.visible_to(viewer_of(request)).with_scan_state()
        return found

    def get_actions(self, request: HttpRequest) -> Any:
        """Without "delete selected": a library is removed one at a time, with its name typed."""
        return {name: found for name, found in super().get_actions(request).items() if name != "delete_selected"}

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the folder picker hands over; a name is proposed from the folder."""
        found = {key: value for key, value in super().get_changeform_initial_data(request).items() if key != "next"}
        if found.get("path") and not found.get("name"):
            found["name"] = str(found["path"]).rstrip("/").rpartition("/")[2].title()
        return found

    @admin.display(description=_lazy("name"), ordering="name_key")
    def named(self, library: Library) -> str:
        return format_html('<span class="nd-name">{}</span><span class="nd-path">{}</span>', library.name, library.path)

    @display(
        description=_lazy("status"),
        label={
            "scanning": "info",
            LibraryStatus.ONLINE: "success",
            LibraryStatus.OFFLINE: "danger",
            LibraryStatus.ATTENTION: "warning",
        },
    )
    def state(self, library: Library) -> tuple[str, str]:
        state = "scanning" if library.scan_active else library_status(library)[0]
        return state, str(STATES[state])

    @admin.display(description=_lazy("songs"), ordering="total_songs")
    def songs(self, library: Library) -> str:
        return formatting.number(library.total_songs)

    @admin.display(description=_lazy("size"), ordering="total_size")
    def size(self, library: Library) -> str:
        return formatting.size(library.total_size)

    @admin.display(description=_lazy("missing"), ordering="total_missing_files")
    def missing(self, library: Library) -> str:
        return formatting.number(library.total_missing_files)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        shown = Library.objects.visible_to(viewer_of(request)).filter(pk=object_id if object_id.isdecimal() else 0)
        context = {"card": next(iter(cards_of(shown)), None), "may_scan": may_scan(request)}
        answer: HttpResponse = super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})
        return answer

    def save_model(self, request: HttpRequest, obj: Library, form: LibraryForm, change: bool) -> None:
        who = str(request.user)
        if change:
            libraries.update_library(obj, form.prepared, requested_by=who)
        else:
            obj.pk = libraries.create_library(form.prepared, requested_by=who).pk

    def response_add(self, request: HttpRequest, obj: Library, post_url_continue: str | None = None) -> HttpResponse:
        """To the dashboard, where the first scan can be watched."""
        if "_continue" in request.POST or "_addanother" in request.POST:
            answer: HttpResponse = super().response_add(request, obj, post_url_continue)
            return answer
        tell(request, _("The library “%(name)s” was added, and its first scan was queued.") % {"name": obj.name})
        return HttpResponseRedirect(page("index"))

    def delete_model(self, request: HttpRequest, obj: Library) -> None:
        libraries.delete_library(obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Say what goes without loading it: a library can have a million rows."""
        said = [
            sentence
            for library in objs
            for sentence in (
                _("%(songs)s, present or missing")
                % {"songs": formatting.songs(library.media_files.in_catalog().count())},
                formatting.albums(library.albums.count()),
                _("its scans and problems, and the access of users and groups to it"),
                *(
                    _("%(what)s: %(count)s") % {"what": what, "count": formatting.number(count)}
                    for what, count in attached_to_library(library.pk).items()
                ),
            )
        ]
        return said, {}, set(), []

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Only with the name typed."""
        library = self.get_object(request, object_id)
        asked = request.method == "POST" and library is not None and self.has_delete_permission(request, library)
        if asked and request.POST.get("confirm", "").strip() != str(library):
            tell(request, _("Nothing was removed. The name that you typed does not match."), wrong=True)
            return HttpResponseRedirect(request.path)
        answer: HttpResponse = super().delete_view(request, object_id, extra_context)
        return answer

    def scan_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST: ask for a scan, quick or full, of everything or of one folder."""
        if request.method != "POST" or not may_scan(request):
            raise PermissionDenied
        library = get_object_or_404(Library.objects.visible_to(viewer_of(request)), pk=pk)
        folder = request.POST.get("folder", "").strip()
        self.request_scan(request, library, full="full" in request.POST, targets=[folder] if folder else [])
        return back(request, page("index"))

    @admin.action(description=_lazy("Scan now"), permissions=["scan"])
    def scan_quick(self, request: HttpRequest, queryset: QuerySet[Library]) -> None:
        for library in queryset:
            self.request_scan(request, library, full=False)

    @admin.action(description=_lazy("Full rescan"), permissions=["scan"])
    def scan_full(self, request: HttpRequest, queryset: QuerySet[Library]) -> None:
        for library in queryset:
            self.request_scan(request, library, full=True)

    def request_scan(
        self, request: HttpRequest, library: Library, *, full: bool, targets: list[str] | None = None
    ) -> None:
        who = str(request.user)
        try:
            folders = prepare_targets(library, targets or [])
            scans.request_scan(library, trigger=ScanTrigger.ADMIN, full=full, targets=folders, requested_by=who)
        except (InvalidInput, DomainError) as error:
            tell(request, f"{library}: {error.message}", wrong=True)
        else:
            tell(request, _("A scan of “%(name)s” was queued.") % {"name": library.name})
