"""`/login` and `/logout`: everybody signs in at one page, admins too."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from users.forms import SignInForm
from users.models import User
from users.pages.base import landing, private


@method_decorator(private, name="dispatch")
class SignInView(LoginView):
    """GET and POST /login; `?next=` is where to go on, `?u=` fills in the user name."""

    template_name = "users/sign_in.html"
    authentication_form = SignInForm
    extra_context = {"title": _("Sign in")}

    def dispatch(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return redirect(self.get_success_url())
        if request.method != "POST" and not User.objects.exists():
            return redirect("setup")
        return super().dispatch(request, *args, **options)

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "username": self.request.GET.get("u", "")}

    def get_success_url(self) -> str:
        """Where to go on; never to the admin site who may not open it."""
        user = self.request.user
        assert isinstance(user, User)
        wanted = self.get_redirect_url()
        return wanted if wanted and (user.is_staff or not is_admin_page(wanted)) else landing(user)


class SignOutView(LogoutView):
    """POST /logout."""

    next_page = "sign-in"


def is_admin_page(url: str) -> bool:
    """Whether a safe address, with or without the host of this server, is one of the admin site."""
    return urlsplit(url).path.startswith(reverse("admin:index"))


def admin_sign_in(request: HttpRequest) -> HttpResponseBase:
    """GET and POST /admin/login/, where the admin site sends people: the same page."""
    if request.method in ("GET", "HEAD"):
        return redirect(reverse("sign-in", query=request.GET))
    return SignInView.as_view()(request)
