"""Forms of the admin site for accounts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from unfold.forms import (
    AdminOwnPasswordChangeForm,
    AdminPasswordChangeForm,
    UserChangeForm,
    UserCreationForm,
)
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldBooleanSwitchWidget

from libraries.models import Library
from navidrome_lib.admin.forms import ChangesOnlyForm, validate_name
from navidrome_lib.errors import Conflict
from users import services, throttling
from users.library_choice import LibrariesField
from users.login_secrets import keep_login_password
from users.models import User
from users.refusals import told_on_the_page


class SignInForm(AuthenticationForm):
    """The form by which everybody signs in, throttled."""

    error_messages = {
        "invalid_login": _lazy("User name or password is wrong."),
        "inactive": _lazy("User name or password is wrong."),
    }

    def clean(self) -> dict[str, Any]:
        username = self.cleaned_data.get("username")
        if not username or not self.cleaned_data.get("password"):
            return super().clean() or {}
        assert self.request is not None
        address = throttling.client_address(self.request)
        with told_on_the_page(self.request):
            cleaned: dict[str, Any] = throttling.admin_site.judge(address, username, super().clean)
        keep_login_password(self.get_user(), cleaned["password"])
        return cleaned


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    """The form by which a person changes their own password; its current password is throttled like a sign-in."""

    def __init__(self, *args: Any, request: HttpRequest, **options: Any) -> None:
        super().__init__(*args, **options)
        self.request = request

    def clean_old_password(self) -> str:
        address = throttling.client_address(self.request)
        with told_on_the_page(self.request):
            password: str = throttling.admin_site.judge(address, self.user.username, super().clean_old_password)
        return password


class ResetPasswordForm(AdminPasswordChangeForm):
    """The form by which an admin sets the password of an account, which ends all that signing in has given."""

    end_keys = forms.BooleanField(
        label=_lazy("End the API keys"),
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_lazy(
            "The user is signed out everywhere, and the app password ends. On: the user's API keys end, too."
        ),
    )

    def save(self, commit: bool = True) -> User:
        with transaction.atomic():
            user: User = super().save(commit)
            if self.cleaned_data["end_keys"]:
                user.api_keys.all().revoke()
        return user


class UniqueNameMixin:
    """Names are unique whatever the case."""

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"].strip()  # type: ignore[attr-defined]
        other = services.find_by_name(username)
        if other is not None and other.pk != self.instance.pk:  # type: ignore[attr-defined]
            raise forms.ValidationError(_("This user name is taken."))
        return username


class GroupForm(forms.ModelForm):  # type: ignore[type-arg]
    """Add or change a group."""

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name != self.instance.name:
            validate_name(name)
        return name


class NewUserForm(UniqueNameMixin, UserCreationForm):
    """Add an account, with its libraries; those for new users are ticked."""

    # not named as the field of the model: Django would save that one by itself, and past the services
    granted = LibrariesField(
        Library.objects.active(),
        label=_lazy("Libraries"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_lazy("Admins can access every library, whatever you select here."),
    )
    # an empty choice of boxes looks like a form that never showed them
    granted_shown = forms.BooleanField(required=False, widget=forms.HiddenInput, initial=True)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["granted"]
        field.queryset = Library.objects.active().order_by("name_key")
        field.initial = [library.pk for library in field.queryset if library.default_new_users]

    class Meta:
        model = User
        fields = ("username", "name", "email", "is_superuser")


class EditUserForm(ChangesOnlyForm, UniqueNameMixin, UserChangeForm):
    """Change an account; the last admin stays one."""

    class Meta:
        model = User
        fields = "__all__"

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        changed = self.changed_values()
        if not (changed.get("is_superuser", True) and changed.get("is_active", True)):
            try:
                services.keep_one_admin(self.instance)
            except Conflict as error:
                raise forms.ValidationError(error.message) from error
        return cleaned
