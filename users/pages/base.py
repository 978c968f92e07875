"""What the pages share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control

from users.models import User

# what these pages show is for one person at one moment
private = cache_control(private=True, no_store=True)


def page(request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """A page in the site's own design."""
    return render(request, f"users/{template}", dict(context), status=status)


def landing(user: User) -> str:
    """The address where a person goes on after signing in."""
    return reverse("admin:index" if user.is_staff else "account")


def home(request: HttpRequest) -> HttpResponse:
    """Send to where the asker can go on: the first start, the admin site, the own account, or the sign-in."""
    user = request.user
    if isinstance(user, User):
        return redirect(landing(user))
    if not User.objects.exists():
        return redirect("setup")
    # the QR code of the account page names who signs in
    name = request.GET.get("u", "")
    return redirect(reverse("sign-in", query={"u": name[:150]} if name else None))
