"""The audit trail in the admin site: its list, and the mixin by which other pages write it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from navidrome_lib.admin.readonly import ReadOnlyRows
from navidrome_lib.audit.models import AuditEntry, SignIn
from navidrome_lib.audit.services import record
from navidrome_lib.viewer import is_admin


class AdminsOnlyRows(ReadOnlyRows):
    """Mixin of lists that are read-only and for admins."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_admin(request)


@admin.register(AuditEntry)
class AuditEntryAdmin(AdminsOnlyRows, ModelAdmin):
    """The audit trail, read-only and for admins."""

    list_display = ("at", "actor", "key", "address", "channel", "action", "object_type", "object_name")
    list_filter = ("channel", "action", "object_type")
    search_fields = ("actor", "object_name", "object_id", "address")
    ordering = ("-at", "-pk")
    list_per_page = 50
    show_full_result_count = False


@admin.register(SignIn)
class SignInAdmin(AdminsOnlyRows, ModelAdmin):
    """Sign-ins, sign-outs and failed attempts."""

    list_display = ("at", "username", "outcome", "credential", "address", "channel")
    list_filter = ("outcome", "channel", "credential")
    search_fields = ("username", "address")
    ordering = ("-at", "-pk")
    list_per_page = 50
    show_full_result_count = False


class AuditedAdmin:
    """Mixin of pages whose changes do not go through a service: records what Django's admin logs in the audit trail."""

    audit_kind = ""
    audit_additions = True

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        if self.audit_additions:
            record(f"{self.audit_kind}.create", {"said": message}, kind=self.audit_kind, pk=obj.pk, name=str(obj))
        entry: LogEntry = super().log_addition(request, obj, message)  # type: ignore[misc]
        return entry

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        record(f"{self.audit_kind}.update", {"said": message}, kind=self.audit_kind, pk=obj.pk, name=str(obj))
        entry: LogEntry = super().log_change(request, obj, message)  # type: ignore[misc]
        return entry

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for obj in queryset:
            record(f"{self.audit_kind}.delete", kind=self.audit_kind, pk=obj.pk, name=str(obj))
        return super().log_deletions(request, queryset)  # type: ignore[misc]
