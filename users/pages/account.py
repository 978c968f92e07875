"""`/account`: what a person does with their own account, admins too."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from libraries.models import Library
from navidrome_lib.audit.models import SignInOutcome
from navidrome_lib.audit.sign_ins import APP_PASSWORD, note_sign_in
from navidrome_lib.errors import NotFound
from users import api_keys, app_passwords, login_secrets, services
from users.first_admin import address_of, host_of, is_local_name
from users.last_use import note_use
from users.models import ApiKey, User
from users.pages.account_forms import KeyForm, PasswordForm, ProfileForm
from users.pages.base import page, private
from users.pages.qr import qr_svg
from users.pages.sections import sections
from users.signed_in_places import places_of

# a form was filled in: another method than POST leads back to the page
READ_OR_SEND = ["GET", "HEAD", "POST"]


def own(request: HttpRequest) -> User:
    """The account of the session."""
    assert isinstance(request.user, User)
    return request.user


def shown(request: HttpRequest, **more: Any) -> HttpResponse:
    """The whole page; `more` has a form that was not accepted, or what is shown once."""
    user = own(request)
    context = {
        "title": _("My account"),
        "libraries": Library.objects.visible_to(user.as_viewer()).order_by("name_key"),
        "profile": ProfileForm(instance=User.objects.get(pk=user.pk), initial={"time_zone": user.time_zone}),
        "password": PasswordForm(user, request=request),
        "key_form": KeyForm(user=user),
        "keys": user.api_keys.prefetch_related("libraries").order_by("name", "pk"),
        "places": places_of(user),
        "password_kept": login_secrets.are_kept(),
        "here": request.META.get("REMOTE_ADDR") or "",
        "sections": sections(request, more),
        **more,
    }
    return page(request, "account.html", context)


@private
@login_required
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """GET /account."""
    note_use(own(request), "last_access_at")
    return shown(request)


@private
@login_required
@require_http_methods(READ_OR_SEND)
def profile(request: HttpRequest) -> HttpResponse:
    """POST /account/profile — name, email address and time zone."""
    if request.method != "POST":
        return redirect("account")
    form = ProfileForm(request.POST, instance=User.objects.get(pk=own(request).pk))
    if not form.is_valid():
        return shown(request, profile=form)
    services.update_user(own(request).pk, form.cleaned_data)
    messages.success(request, _("Your changes were saved."))
    return redirect("account")


@private
@sensitive_post_parameters()
@login_required
@require_http_methods(READ_OR_SEND)
def password(request: HttpRequest) -> HttpResponse:
    """POST /account/password — a new password, which ends every other sign-in."""
    if request.method != "POST":
        return redirect("account")
    form = PasswordForm(own(request), request.POST, request=request)
    if not form.is_valid():
        return shown(request, password=form)
    user = services.update_user(own(request).pk, {"password": form.cleaned_data["new_password1"]})
    update_session_auth_hash(request, user)
    text = _("Your password was changed. All other browsers and apps are signed out; the app password has ended, too.")
    messages.success(request, text)
    return redirect("account")


@private
@login_required
@require_http_methods(READ_OR_SEND)
def app_password(request: HttpRequest) -> HttpResponse:
    """POST /account/app-password — show the app password, or with `renew` a new one; only this answer has it."""
    if request.method != "POST":
        return redirect("account")
    user = own(request)
    renew = "renew" in request.POST
    text = app_passwords.renew_app_password(user) if renew else app_passwords.app_password(user)
    note_sign_in(SignInOutcome.SHOWN, username=user.username, user_id=user.pk, credential=APP_PASSWORD)
    server = request.build_absolute_uri(reverse("home"))
    host = host_of(request)
    named = address_of(host)
    connect = {
        "server": server.rstrip("/"),
        "password": text,
        "renewed": renew,
        "qr": qr_svg(request.build_absolute_uri(reverse("home", query={"u": user.username}))),
        "only_here": named.is_loopback if named is not None else is_local_name(host),
        "is_secure": urlsplit(server).scheme == "https",
    }
    return shown(request, connect=connect)


@private
@login_required
@require_http_methods(READ_OR_SEND)
def keys(request: HttpRequest) -> HttpResponse:
    """POST /account/keys — a new API key; only this answer has it."""
    if request.method != "POST":
        return redirect("account")
    form = KeyForm(request.POST, user=own(request))
    made = form.make() if form.is_valid() else None
    if made is None:
        return shown(request, key_form=form)
    return shown(request, new_key=made[0], new_key_text=made[1])


@private
@login_required
@require_http_methods(READ_OR_SEND)
def end_key(request: HttpRequest, pk: str) -> HttpResponse:
    """POST /account/keys/{id}/end — the key opens nothing from now on."""
    key = ApiKey.objects.filter(user=own(request), pk=pk).first() if request.method == "POST" else None
    if key is not None:
        with suppress(NotFound):  # ended at this moment by another page
            api_keys.revoke_key(key)
        messages.success(request, _("The key “%(name)s” has ended.") % {"name": key.name})
    return redirect("account")


@private
@login_required
@require_http_methods(READ_OR_SEND)
def sign_out_everywhere(request: HttpRequest) -> HttpResponseBase:
    """POST /account/sign-out-everywhere — end every sign-in and the app password, with `keys` the API keys, too."""
    if request.method != "POST":
        return redirect("account")
    services.sign_out_everywhere(own(request).pk, end_keys="keys" in request.POST)
    request.session.flush()
    messages.success(request, _("You are signed out everywhere."))
    return redirect("sign-in")
