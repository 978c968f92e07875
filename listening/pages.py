"""The section of the account page about services that plays are sent on to, and what its forms do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from libraries.models import Library
from listening.forwarding.linking import IN_A_HEADER, begin, find_link, link, unlink
from listening.models import Service
from listening.services.forwarding import enabled_services
from navidrome_lib.errors import DomainError
from navidrome_lib.viewer import Viewer, viewer_of
from users.library_choice import LibrariesField
from users.pages.account import READ_OR_SEND, shown
from users.pages.base import private

TELLS: Final = "services"


class TokenForm(forms.Form):
    """The token of a person at a service."""

    token = forms.CharField(
        label=_lazy("User token"),
        max_length=255,
        validators=[RegexValidator(IN_A_HEADER, _lazy("A token has letters, digits and signs of ASCII only."))],
        help_text=_lazy("It stands on your settings page there. Here it is kept encrypted and never shown."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class LeftOutForm(forms.Form):
    """The libraries whose plays are not sent."""

    libraries = LibrariesField(
        Library.objects.none(),
        label=_lazy("Send no plays from these libraries"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, viewer: Viewer, **options: Any) -> None:
        super().__init__(*args, **options)
        visible = Library.objects.visible_to(viewer).order_by("name_key")
        self.fields["libraries"].queryset = visible  # type: ignore[attr-defined]


def services_section(request: HttpRequest, more: Mapping[str, Any]) -> str:
    """What is sent on for the person; nothing while this server sends to no service."""
    viewer, told = viewer_of(request), more.get(TELLS, {})
    services = [shown_service(viewer, service) | told.get(service, {}) for service in enabled_services()]
    return render_to_string("listening/services.html", {"services": services}, request) if services else ""


def shown_service(viewer: Viewer, service: Service) -> dict[str, Any]:
    """What stands on the page about one service."""
    found = find_link(viewer, service)
    prefix = service.value
    return {
        "service": service,
        "link": found,
        "by_token": service is not Service.LASTFM,
        "token_form": TokenForm(prefix=prefix),
        "left_out_form": LeftOutForm(viewer=viewer, prefix=prefix, initial={"libraries": found.left_out}),
    }


@private
@sensitive_post_parameters()
@login_required
@require_http_methods(READ_OR_SEND)
def service_of_person(request: HttpRequest, pk: str) -> HttpResponse:
    """POST /account/services/{service} — link an account there, say what is left out, or end it."""
    service = next((each for each in enabled_services() if each.value == pk), None)
    act = ACTIONS.get(request.POST.get("do", "")) if request.method == "POST" else None
    if service is None or act is None:
        return redirect("account")
    try:
        told = act(request, service)
    except DomainError as error:
        told = {"error": error.message}
    return shown(request, **{TELLS: {service: told}}) if told else redirect(f"{reverse('account')}#services")


def begin_link(request: HttpRequest, service: Service) -> dict[str, Any]:
    """Show the page of the service on which the person allows it; the token comes back with the next form."""
    token, url = begin(service)
    return {"begun": {"token": token, "url": url}}


def make_link(request: HttpRequest, service: Service) -> dict[str, Any]:
    """Have plays sent on with the token in the form."""
    form = TokenForm(request.POST, prefix=service.value)
    if not form.is_valid():
        return {"token_form": form}
    link(viewer_of(request), service, token=form.cleaned_data["token"])
    messages.success(request, _("Your plays are sent on to %(service)s from now on.") % {"service": service.label})
    return {}


def leave_out(request: HttpRequest, service: Service) -> dict[str, Any]:
    """Send no plays of the libraries that are chosen in the form."""
    viewer = viewer_of(request)
    form = LeftOutForm(request.POST, viewer=viewer, prefix=service.value)
    if not form.is_valid():
        return {"left_out_form": form}
    link(viewer, service, left_out=[library.pk for library in form.cleaned_data["libraries"]])
    messages.success(request, _("Your changes were saved."))
    return {}


def end_link(request: HttpRequest, service: Service) -> dict[str, Any]:
    """Send no more plays, and forget the token and what waits."""
    unlink(viewer_of(request), service)
    messages.success(request, _("No more plays are sent on to %(service)s.") % {"service": service.label})
    return {}


ACTIONS: Final[Mapping[str, Callable[[HttpRequest, Service], dict[str, Any]]]] = {
    "begin": begin_link,
    "link": make_link,
    "leave-out": leave_out,
    "end": end_link,
}
