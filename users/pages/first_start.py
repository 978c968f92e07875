"""`/setup`: create the first admin in the browser, with the rules of `POST /auth/createAdmin`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import login
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from libraries.models import Library
from navidrome_lib.errors import InvalidInput, NotAllowed, TooManyAttempts
from users import first_admin, services
from users.models import User
from users.pages.base import page, private
from users.refusals import sentence_of

NEW_PASSWORD = {"autocomplete": "new-password"}


class FirstAdminForm(forms.Form):
    """Name and password of the first admin; `code` is asked for only from another machine."""

    code = forms.CharField(
        label=_lazy("Set-up code"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        help_text=_lazy("Shown on the console and in the log of the server, like K7QF-9XTM-2HWC."),
    )
    username = forms.CharField(
        label=_lazy("User name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password1 = forms.CharField(label=_lazy("Password"), strip=False, widget=forms.PasswordInput(attrs=NEW_PASSWORD))
    password2 = forms.CharField(
        label=_lazy("Password again"), strip=False, widget=forms.PasswordInput(attrs=NEW_PASSWORD)
    )

    def __init__(self, *args: Any, ask_code: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["password1"].help_text = " ".join(password_validators_help_texts()[1:2])
        if not ask_code:
            del self.fields["code"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        password = data.get("password1")
        if password and "password2" in data and password != data["password2"]:
            self.add_error("password2", _("The two passwords differ."))
        if password:
            try:
                validate_password(password, User(username=data.get("username", "")))
            except ValidationError as error:
                self.add_error("password1", error)
        return data

    def make(self) -> User | None:
        """The new admin; None when a rule forbids it, which then stands at its field."""
        data = self.cleaned_data
        try:
            return services.create_first_admin(username=data["username"], password=data["password1"])
        except InvalidInput as error:
            for field, sentence in error.errors.items():
                self.add_error("password1" if field == "password" else "username", sentence)
            return None


@private
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest) -> HttpResponse:
    """GET and POST /setup — “Create your admin account”, while there is no account."""
    if User.objects.exists():
        return redirect("home")
    try:
        # a link of another page may lead here, as may what a person types; only what is sent from there is refused
        if request.method == "POST":
            first_admin.check_asker(request)
        else:
            first_admin.check_host(request)
    except NotAllowed as error:
        return shown(request, None, status=403, refusal=error.message)
    ask_code = first_admin.needs_code(request)
    if request.method != "POST":
        return shown(request, FirstAdminForm(initial={"code": request.GET.get("code", "")}, ask_code=ask_code))
    form = FirstAdminForm(request.POST, ask_code=ask_code)
    try:
        first_admin.check_code(request, request.POST.get("code", ""))
    except TooManyAttempts as error:
        form.add_error("code", sentence_of(error))
        response = shown(request, form, status=429)
        response["Retry-After"] = str(error.retry_after)
        return response
    except NotAllowed:
        form.add_error("code", _("This is not the set-up code. The server's console and log show it."))
        return shown(request, form, status=403)
    user = form.make() if form.is_valid() else None
    if user is None:
        return shown(request, form)
    login(request, user)
    library = Library.objects.active().order_by("pk").first()
    return redirect("setup-scan", library.pk) if library else redirect("setup-music")


def shown(request: HttpRequest, form: FirstAdminForm | None, *, status: int = 200, refusal: str = "") -> HttpResponse:
    """The page with the form, or with the reason why there is none."""
    context = {"form": form, "refusal": refusal, "title": _("Create your admin account")}
    return page(request, "setup.html", context, status=status)
