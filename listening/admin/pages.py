"""Shares of all people, radio stations, and the formats that audio is converted to."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, URLField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _lazy
from unfold.admin import ModelAdmin

from libraries.admin.base import RefusalsAdmin
from listening.models import Radio, Share, Transcoding
from listening.services.shares import delete_share
from navidrome_lib.audit.services import record
from users.admin.accounts import AdminsOnly


class RecordedAdmin(RefusalsAdmin, AdminsOnly, ModelAdmin):
    """Rows that admins change; each change is in the audit trail."""

    kind = ""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        record(f"{self.kind}.{'update' if change else 'create'}", kind=self.kind, pk=obj.pk, name=str(obj))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        pk = obj.pk
        super().delete_model(request, obj)
        record(f"{self.kind}.delete", kind=self.kind, pk=pk, name=str(obj))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without "delete selected": each is deleted by itself."""
        return {name: found for name, found in super().get_actions(request).items() if name != "delete_selected"}


@admin.register(Radio)
class RadioAdmin(RecordedAdmin):
    """Radio stations, the same for everybody."""

    kind = "radio"
    list_display = ("name", "stream_url", "home_page_url", "updated_at")
    search_fields = ("name", "stream_url")
    ordering = ("name",)
    fields = ("name", "stream_url", "home_page_url")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Take an address without a scheme for one of https."""
        more = {"assume_scheme": "https"} if isinstance(db_field, URLField) else {}
        return super().formfield_for_dbfield(db_field, request, **options, **more)


@admin.register(Share)
class ShareAdmin(RefusalsAdmin, AdminsOnly, ModelAdmin):
    """Shares of all people: an admin sees what is open to everybody, and ends it."""

    list_display = (
        "contents", "user", "resource_type", "description", "downloadable", "expires_at", "visit_count",
        "last_visited_at",
    )  # fmt: skip
    list_filter = ("resource_type", "downloadable")
    list_select_related = ("user",)
    search_fields = ("contents", "description", "user__username")
    ordering = ("-created_at",)
    actions = ("end",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without "delete selected": "End" says what it does, and is recorded."""
        return {name: found for name, found in super().get_actions(request).items() if name != "delete_selected"}

    def delete_model(self, request: HttpRequest, obj: Share) -> None:
        delete_share(obj)

    @admin.action(description=_lazy("End"), permissions=["delete"])
    def end(self, request: HttpRequest, queryset: QuerySet[Share]) -> None:
        for share in queryset:
            delete_share(share)


@admin.register(Transcoding)
class TranscodingAdmin(AdminsOnly, ModelAdmin):
    """The formats that audio is converted to; they are changed by the API, where that is switched on."""

    list_display = ("name", "target_format", "default_bit_rate", "command")
    ordering = ("name",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
