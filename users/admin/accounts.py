"""Accounts, groups and API keys in the admin site. Only admins see them, whatever permissions other staff have."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import InlineModelAdmin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from django.db.models import ForeignKey, QuerySet
from django.forms import BaseModelFormSet, ModelChoiceField
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from unfold.admin import ModelAdmin, TabularInline

from libraries.admin.base import RefusalsAdmin
from libraries.models import Library
from navidrome_lib.admin import formatting
from navidrome_lib.audit.admin import AuditedAdmin
from navidrome_lib.db.locks import lock_accounts
from navidrome_lib.errors import NotFound
from navidrome_lib.viewer import is_admin, viewer_of
from users import api_keys, services
from users.admin.access_matrix import access_view
from users.admin.key_page import key_view
from users.forms import EditUserForm, GroupForm, NewUserForm, ResetPasswordForm
from users.models import ApiKey, GroupAccess, LibraryAccess, User

# the fields of an account that the service changes; what hangs on it is saved behind it
EDITED = frozenset(("username", "name", "email", "is_active", "is_superuser", "may_scan", "is_staff"))


class AdminsOnly:
    """Mixin that refuses staff who are not admins: editing accounts would let them become one."""

    def allowed(self, request: HttpRequest) -> bool:
        return is_admin(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.allowed(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allowed(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allowed(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allowed(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allowed(request)


class LockedAdmin(RefusalsAdmin):
    """Mixed into pages that change a row by themselves: it is read under its lock, after the locks that come first."""

    def lock_first(self) -> None:
        """Take the locks that come before that of the row."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)  # type: ignore[misc]
        if found is None or request.method != "POST" or not connection.in_atomic_block:
            return found
        self.lock_first()
        return type(found)._default_manager.select_for_update().filter(pk=found.pk).first()


def granted_by(formset: BaseModelFormSet[Any, Any]) -> tuple[set[int], set[int]]:
    """The libraries that the rows of an inline give, and those that they take away."""
    formset.save(commit=False)
    changed = [form for form in formset.initial_forms if form.instance in [row for row, _ in formset.changed_objects]]
    added = {row.library_id for row in [*formset.new_objects, *(row for row, _ in formset.changed_objects)]}
    removed = {row.library_id for row in formset.deleted_objects} | {form.initial["library"] for form in changed}
    return added, removed - added


class AccessInline(AdminsOnly, TabularInline):
    """Libraries that are granted."""

    fields = ("library",)
    extra = 0

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **options: Any
    ) -> ModelChoiceField[Any] | None:
        if db_field.name == "library":
            options["queryset"] = Library.objects.visible_to(viewer_of(request)).order_by("name_key")
        field: ModelChoiceField[Any] | None = super().formfield_for_foreignkey(db_field, request, **options)
        return field


class LibraryAccessInline(AccessInline):
    """Access of this user, beside that of their groups."""

    model = LibraryAccess


class GroupAccessInline(AccessInline):
    """Access of every member of this group."""

    model = GroupAccess


@admin.register(User)
class UserAdmin(LockedAdmin, AdminsOnly, AuditedAdmin, DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    """Accounts."""

    audit_kind = "user"
    audit_additions = False  # the model itself records a new account

    form = EditUserForm
    add_form = NewUserForm
    change_password_form = ResetPasswordForm
    change_user_password_template = "admin/users/password.html"  # noqa: S105 - the page of one
    actions = ("sign_out", "sign_out_and_end_keys")
    list_display = ("username", "name", "email", "is_superuser", "may_scan", "is_active", "last_access_at")
    list_filter = ("is_superuser", "is_active", "may_scan", "groups")
    search_fields = ("username", "name", "email")
    ordering = ("username_key",)
    filter_horizontal = ()  # Django's widget for it cannot be read by a screen reader
    readonly_fields = ("last_login", "last_access_at", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("username", "password", "name", "email")}),
        (_lazy("Permissions"), {"fields": ("is_active", "is_superuser", "may_scan", "groups")}),
        (_lazy("Admin site"), {"classes": ("collapse",), "fields": ("is_staff", "user_permissions")}),
        (_lazy("Dates"), {"fields": ("last_login", "last_access_at", "created_at", "updated_at")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "name", "email", "usable_password", "password1", "password2")}),
        (_lazy("Permissions"), {"fields": ("is_superuser", "granted", "granted_shown")}),
    )

    def get_urls(self) -> list[URLPattern]:
        matrix = self.admin_site.admin_view(access_view)
        return [path("access/", matrix, name="users_user_access"), *super().get_urls()]

    def lock_first(self) -> None:
        lock_accounts()

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if change:
            values = {name: form.cleaned_data[name] for name in form.changed_data if name in EDITED}
            if "is_superuser" in values:  # else the service would decide what the form has said
                values["is_staff"] = form.cleaned_data["is_staff"]
            if values:
                services.update_user(obj.pk, values, end_keys=obj.pk != request.user.pk)
            return
        super().save_model(request, obj, form, change)
        if form.cleaned_data.get("granted_shown") and not obj.is_superuser:
            services.set_user_libraries(obj.pk, [library.pk for library in form.cleaned_data["granted"]])

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        added, removed = granted_by(formset)
        if added or removed:
            services.change_user_libraries(form.instance.pk, added=added, removed=removed)

    def user_change_password(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        try:
            answer: HttpResponse = super().user_change_password(request, *args, **options)
            return answer
        except ObjectDoesNotExist as error:
            raise Http404 from error  # the account was deleted at this moment

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).filter(pk__in=User.objects.visible_to(viewer_of(request)).values("pk"))

    def get_inlines(self, request: HttpRequest, obj: User | None) -> list[type[InlineModelAdmin[Any, Any]]]:
        """None for a new account, which first gets the libraries for new users, nor for admins, who have them all."""
        return [] if obj is None or obj.is_superuser else [LibraryAccessInline]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without "delete selected": an account is deleted one at a time, with its own confirmation."""
        return {name: found for name, found in super().get_actions(request).items() if name != "delete_selected"}

    @admin.action(description=_lazy("Sign out everywhere"), permissions=["change"])
    def sign_out(self, request: HttpRequest, queryset: QuerySet[User], *, end_keys: bool = False) -> None:
        """End tokens, sessions and app passwords of the selected accounts."""
        for user in queryset:
            with suppress(NotFound):  # deleted at this moment
                services.sign_out_everywhere(user.pk, end_keys=end_keys)
        self.message_user(request, _("The selected users were signed out everywhere."), messages.SUCCESS)

    @admin.action(description=_lazy("Sign out everywhere and end the API keys"), permissions=["change"])
    def sign_out_and_end_keys(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """The same, with the API keys."""
        self.sign_out(request, queryset, end_keys=True)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        services.delete_user(obj.pk)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Say what goes without loading it: a person may have a hundred thousand plays."""
        said = [
            sentence
            for account in objs
            for sentence in (
                str(account),
                *(
                    _("%(what)s: %(count)s") % {"what": what, "count": formatting.number(count)}
                    for what, count in services.attached_to_user(account.pk).items()
                ),
            )
        ]
        return said, {}, set(), []

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Only as Django does: the service records it."""
        return ModelAdmin.log_deletions(self, request, queryset)


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(LockedAdmin, AdminsOnly, AuditedAdmin, DjangoGroupAdmin, ModelAdmin):
    """Groups, which can give libraries to all their members."""

    audit_kind = "group"
    form = GroupForm

    inlines = (GroupAccessInline,)
    filter_horizontal = ()  # as for users
    fieldsets = (
        (None, {"fields": ("name",)}),
        (_lazy("Admin site"), {"classes": ("collapse",), "fields": ("permissions",)}),
    )

    def save_model(self, request: HttpRequest, obj: Group, form: Any, change: bool) -> None:
        if not change:
            obj.save()
        elif "name" in form.changed_data:
            obj.save(update_fields=["name"])

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        added, removed = granted_by(formset)
        if added or removed:
            services.change_group_libraries(str(form.instance.pk), added=added, removed=removed)


@admin.register(ApiKey)
class ApiKeyAdmin(RefusalsAdmin, AdminsOnly, ModelAdmin):
    """API keys of all users: list, create and revoke. A new key is shown once."""

    list_display = ("name", "user", "hint", "scope", "restricted", "created_at", "last_used_at", "expires_at")
    list_filter = ("scope", "restricted")
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    ordering = ("user", "name")
    actions = ("revoke",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return key_view(request)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {name: found for name, found in super().get_actions(request).items() if name != "delete_selected"}

    def delete_model(self, request: HttpRequest, obj: ApiKey) -> None:
        api_keys.revoke_key(obj)

    @admin.action(description=_lazy("Revoke"), permissions=["delete"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset:
            with suppress(NotFound):  # revoked at this moment
                api_keys.revoke_key(key)
        self.message_user(request, _("The selected API keys were revoked."), messages.SUCCESS)
