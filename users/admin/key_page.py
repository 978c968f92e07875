"""The page that makes an API key for any account, and shows its text once."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from libraries.models import Library
from navidrome_lib.admin.forms import validate_name
from navidrome_lib.errors import InvalidInput
from navidrome_lib.viewer import is_admin
from users import api_keys
from users.days import end_of
from users.library_choice import LibrariesField
from users.models import ApiKey, Scope, User

LIBRARIES = "libraryIds"


class NewKeyForm(forms.Form):
    """What a new key is for. It is confined to libraries only when that is said."""

    owner = forms.ModelChoiceField(User.objects.none(), label=_lazy("Owner"), widget=UnfoldAdminSelectWidget)
    name = forms.CharField(
        label=_lazy("Name"),
        max_length=255,
        validators=[validate_name],
        widget=UnfoldAdminTextInputWidget,
        help_text=_lazy("What the key is for."),
    )
    scope = forms.ChoiceField(
        label=_lazy("Scope"),
        choices=Scope.choices,
        initial=Scope.READ,
        widget=UnfoldAdminSelectWidget,
        help_text=_lazy(
            "Read: view what the owner can access. Scan: also start scans. Manage: also change what the owner can."
        ),
    )
    confined = forms.BooleanField(label=_lazy("Only some libraries"), required=False, widget=UnfoldBooleanSwitchWidget)
    libraries = LibrariesField(
        Library.objects.none(),
        label=_lazy("Libraries"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_lazy("Used only when “Only some libraries” is on. The owner needs access to them."),
    )
    last_day = forms.DateField(
        label=_lazy("Expires"),
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        help_text=_lazy("The last day (UTC) on which the key works. Empty: until it is revoked."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["owner"].queryset = User.objects.filter(is_active=True).order_by("username_key")  # type: ignore[attr-defined]
        self.fields["libraries"].queryset = Library.objects.active().order_by("name_key")  # type: ignore[attr-defined]

    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        if day is not None and not timezone.now().date() <= day < date.max:
            raise forms.ValidationError(_("Choose today or a later day."))
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("libraries") and not data.get("confined"):
            # a key that opens more than was ticked would be a bad surprise
            self.add_error("confined", _("Libraries are selected: switch this on, or clear the selection."))
        return data

    def make(self) -> tuple[ApiKey, str] | None:
        """The new key and its text, or nothing when a rule forbids it, which then stands at its field."""
        data = self.cleaned_data
        wanted = [library.pk for library in data["libraries"]] if data["confined"] else None
        try:
            return api_keys.create_key(
                data["owner"], name=data["name"], scope=data["scope"], library_ids=wanted,
                expires_at=end_of(data["last_day"]),
            )  # fmt: skip
        except InvalidInput as error:
            self.add_error("libraries" if LIBRARIES in error.errors else None, error.message)
            return None


def key_view(request: HttpRequest) -> HttpResponse:
    """GET and POST /admin/users/apikey/add/ — the answer to the form is the only one that ever has the key."""
    if not is_admin(request):
        raise PermissionDenied
    form = NewKeyForm(request.POST or None, initial={"owner": request.user.pk})
    made = form.make() if request.method == "POST" and form.is_valid() else None
    key, text = made or (None, "")
    context = {
        **admin.site.each_context(request),
        "title": _("New API key"),
        "opts": ApiKey._meta,
        "form": form,
        "key": key,
        "text": text,
    }
    return TemplateResponse(request, "admin/users/key.html", context)
