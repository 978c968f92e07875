"""Forms of the account page."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from libraries.models import Library
from navidrome_lib.errors import InvalidInput
from users import api_keys, throttling
from users.days import end_of
from users.library_choice import LibrariesField
from users.models import ApiKey, Scope, User
from users.refusals import told_on_the_page
from users.time_zones import zone_choices


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """The display name, the email address and the time zone."""

    time_zone = forms.ChoiceField(
        label=_lazy("Time zone"),
        required=False,
        choices=zone_choices,
        help_text=_lazy("In it this page and the admin site show times."),
    )

    class Meta:
        model = User
        fields = ("name", "email")
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
        }


class PasswordForm(PasswordChangeForm):
    """A new password; a guess of the current one counts as a sign-in."""

    def __init__(self, *args: Any, request: HttpRequest, **options: Any) -> None:
        super().__init__(*args, **options)
        self.request = request
        self.fields["old_password"].label = _lazy("Current password")
        self.fields["old_password"].widget.attrs.pop("autofocus", None)
        self.fields["new_password1"].help_text = ""
        self.fields["new_password2"].label = _lazy("New password again")
        self.fields["new_password2"].help_text = ""

    def clean_old_password(self) -> str:
        address = throttling.client_address(self.request)
        with told_on_the_page(self.request):
            password: str = throttling.admin_site.judge(address, self.user.username, super().clean_old_password)
        return password


class KeyForm(forms.Form):
    """A new API key of one's own."""

    name = forms.CharField(
        label=_lazy("What is it for?"), max_length=255, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    scope = forms.ChoiceField(
        label=_lazy("Scope"),
        choices=Scope.choices,
        initial=Scope.READ,
        help_text=_lazy(
            "Read: view what you can access. Scan: also start scans, if you can. Listen, for players: also change your"
            " favourites, plays and playlists. Manage: also change what you can."
        ),
    )
    last_day = forms.DateField(
        label=_lazy("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_lazy("UTC. Empty: it works until you end it."),
    )
    libraries = LibrariesField(
        Library.objects.none(),
        label=_lazy("Only these libraries"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_lazy("None selected: all that you can access, later ones too."),
    )

    prefix = "key"

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user
        visible = Library.objects.visible_to(user.as_viewer()).order_by("name_key")
        self.fields["libraries"].queryset = visible  # type: ignore[attr-defined]
        if not visible.exists():
            del self.fields["libraries"]

    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        if day is not None and not timezone.now().date() <= day < date.max:
            raise forms.ValidationError(_("Choose today or a later day."))
        return day

    def make(self) -> tuple[ApiKey, str] | None:
        """The new key and its text, or nothing when a rule forbids it, which then stands above the form."""
        data = self.cleaned_data
        chosen = [library.pk for library in data.get("libraries", ())]
        try:
            return api_keys.create_key(
                self.user, name=data["name"], scope=data["scope"], library_ids=chosen or None,
                expires_at=end_of(data["last_day"]),
            )  # fmt: skip
        except InvalidInput as error:
            self.add_error(None, error.message)
            return None
