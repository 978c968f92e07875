"""Missing files and purges in the admin site; only admins see them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from libraries.admin.base import GONE_LIBRARY_FILTER, ReadOnlyAdmin, SongListAdmin, back, page, shown, tell
from libraries.admin.catalog import track_detail
from libraries.models import Album, Folder
from missing import purges
from missing.admin.relink_page import relink_view
from missing.groups import group_files
from missing.models import MissingFile, Purge
from missing.purge_preview import preview_purge
from navidrome_lib.admin import formatting
from navidrome_lib.errors import DomainError
from navidrome_lib.viewer import is_admin

# the confirmation names this many albums, and says how many there are
SHOWN = 50
CSV_COLUMNS = ("id", "library__name", "path", "title", "album", "artist", "album_artist", "size", "missing_since")


class AdminsLook(ReadOnlyAdmin):
    """Rows that admins can look at, and change by actions only."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_admin(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_admin(request)


class ChosenFilter(admin.SimpleListFilter):
    """The files of one thing, which other parts of the page choose; it shows itself only to be taken off."""

    model: ClassVar[type[Album] | type[Folder]]
    field: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        value = request.GET.get(self.parameter_name or "", "")
        return [(value, str(self.model.objects.filter(pk=value).first() or "?")[:80])] if value else []

    def has_output(self) -> bool:
        return bool(self.lookup_choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[MissingFile]) -> QuerySet[MissingFile]:
        return queryset.filter(**{self.field: self.value()}) if self.value() else queryset


class AlbumFilter(ChosenFilter):
    """The files of one album."""

    title = _lazy("album")
    parameter_name = "album_id"
    model = Album
    field = "album_ref"


class FolderFilter(ChosenFilter):
    """The files of one folder."""

    title = _lazy("folder")
    parameter_name = "folder_id"
    model = Folder
    field = "folder"


@admin.register(MissingFile)
class MissingFileAdmin(SongListAdmin, AdminsLook):
    """Files that are gone from the disk, with “purge” and “find it”."""

    list_display = ("shown_path", "library", "shown_title", "shown_album", "shown_artist", "missing_since", "find")
    list_filter = (GONE_LIBRARY_FILTER, AlbumFilter, FolderFilter, "missing_since", "suffix")
    sortable_by = ("library", "missing_since")
    list_select_related = ("library",)
    search_fields = ("path", "title", "album", "artist")
    # the order of the index of missing files
    ordering = ("library_id", "id")
    actions = ("purge",)
    list_before_template = "admin/missing/groups.html"
    change_form_template = "admin/libraries/mediafile/detail.html"

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        own = [
            path("export/", guarded(self.export_view), name="missing_missingfile_export"),
            path("<str:pk>/relink/", guarded(relink_view), name="missing_missingfile_relink"),
        ]
        return [*own, *super().get_urls()]

    @admin.display(description=_lazy("file"), ordering="path")
    def shown_path(self, track: MissingFile) -> str:
        return shown(track.path)

    @admin.display(description="")
    def find(self, track: MissingFile) -> str:
        address = page("missing_missingfile_relink", track.pk)
        name = _("Find a replacement for %(path)s") % {"path": track.path[:120]}
        return format_html('<a class="nd-link" href="{}" aria-label="{}">{}</a>', address, name, _("Find replacement"))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with the albums and folders that the files belong to."""
        answer: HttpResponse = super().changelist_view(request, extra_context)
        context = getattr(answer, "context_data", None)
        if context and "cl" in context and 0 < context["cl"].result_count < settings.ADMIN_COUNTED_ROWS:
            context["albums"], context["folders"] = group_files(context["cl"].queryset)
        if context:
            context["export"] = f"{page('missing_missingfile_export')}?{request.GET.urlencode()}"
            context["query"] = request.GET.urlencode()
        return answer

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        join = page("missing_missingfile_relink", row.pk)
        context = {"row": row, "join": join, **track_detail(request, row), **(extra_context or {})}
        answer: HttpResponse = super().change_view(request, object_id, form_url, context)
        return answer

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """GET: the files of the list as a table, with the same filters; with a wrong one to the list, which says so."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            rows = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(page("missing_missingfile_changelist", e=1))
        answer = StreamingHttpResponse(csv_lines(rows), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="missing-files.csv"'
        return answer

    @admin.action(description=_lazy("Purge from the catalog"), permissions=["view"])
    def purge(self, request: HttpRequest, queryset: QuerySet[MissingFile]) -> TemplateResponse | None:
        ids = list(queryset.values_list("pk", flat=True))
        if not request.POST.get("confirmed"):
            return self.ask(request, ids)
        result = purges.purge_missing_files(ids, requested_by=str(request.user))
        sentence = ngettext(
            "%(count)s file was removed from the catalog. This can be undone for 30 days.",
            "%(count)s files were removed from the catalog. This can be undone for 30 days.",
            len(result.ids),
        ) % {"count": formatting.number(len(result.ids))}
        undo = page("missing_purge_change", result.purge.pk) if result.purge else ""
        link = format_html(' <a class="nd-link" href="{}">{}</a>', undo, _("Show or undo")) if undo else ""
        self.message_user(request, format_html("{}{}", sentence, link), messages.SUCCESS)
        return None

    def ask(self, request: HttpRequest, ids: list[str]) -> TemplateResponse:
        """The page that says what would go."""
        preview = preview_purge(ids)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Purge missing files"),
            "opts": self.model._meta,
            "preview": preview,
            "albums": preview.albums[:SHOWN],
            "more_albums": max(len(preview.albums) - SHOWN, 0),
            "checkbox": ACTION_CHECKBOX_NAME,
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/missing/purge_confirmation.html", context)


class Line:
    """Where the writer of a table writes to: it hands the line back."""

    def write(self, text: str) -> str:
        return text


def csv_lines(rows: QuerySet[MissingFile]) -> Iterator[str]:
    """A table, line by line."""
    writer = csv.writer(Line())
    yield writer.writerow([name.removesuffix("__name") for name in CSV_COLUMNS])
    for row in rows.values_list(*CSV_COLUMNS).iterator(2000):
        yield writer.writerow([harmless(value) for value in row])


def harmless(value: object) -> object:
    """A text that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


@admin.register(Purge)
class PurgeAdmin(AdminsLook):
    """Purges that can still be undone, the newest first."""

    list_display = ("created_at", "created_by", "reason", "shown_files", "restorable", "restored_count", "expires_at")
    list_filter = ("reason", "created_at")
    search_fields = ("created_by",)
    ordering = ("-created_at",)
    actions = ("undo",)
    change_form_template = "admin/missing/purge/detail.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Purge]:
        return Purge.objects.with_restorable()

    def get_urls(self) -> list[URLPattern]:
        undo = self.admin_site.admin_view(self.undo_view)
        return [path("<str:pk>/undo/", undo, name="missing_purge_undo"), *super().get_urls()]

    @admin.display(description=_lazy("files"), ordering="file_count")
    def shown_files(self, purge: Purge) -> str:
        return f"{formatting.number(purge.file_count)} ({formatting.size(purge.size)})"

    @admin.display(description=_lazy("restorable"))
    def restorable(self, purge: Purge) -> int:
        return purge.restorable

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        files = row.files.select_related("library").defer("tags").order_by("library", "pk")[:SHOWN]
        context = {"row": row, "files": files, **(extra_context or {})}
        answer: HttpResponse = super().change_view(request, object_id, form_url, context)
        return answer

    def undo_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """POST: bring the files of one purge back."""
        if request.method != "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        self.undo_one(request, get_object_or_404(self.get_queryset(request), pk=pk))
        return back(request, page("missing_missingfile_changelist"))

    @admin.action(description=_lazy("Undo: restore the files"), permissions=["view"])
    def undo(self, request: HttpRequest, queryset: QuerySet[Purge]) -> None:
        for purge in queryset:
            self.undo_one(request, purge)

    def undo_one(self, request: HttpRequest, purge: Purge) -> None:
        try:
            result = purges.undo_purge(purge)
        except DomainError as error:
            self.message_user(request, f"{purge}: {error.message}", messages.ERROR)
            return
        count = len(result.ids)
        text = ngettext("%(count)s file was restored as missing.", "%(count)s files were restored as missing.", count)
        tell(request, text % {"count": formatting.number(count)})
