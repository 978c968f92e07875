"""The page “Change password” of the admin site, where a guess of the current password counts as a sign-in."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse_lazy

from users.forms import OwnPasswordForm


class OwnPasswordView(PasswordChangeView):
    """`/admin/password_change/`, with a form that is throttled."""

    form_class = OwnPasswordForm
    success_url = reverse_lazy("admin:password_change_done")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(**admin.site.each_context(self.request), **context)


def own_password_view(request: HttpRequest) -> HttpResponseBase:
    """GET and POST /admin/password_change/, for those who may open the admin site."""
    return admin.site.admin_view(OwnPasswordView.as_view(), cacheable=True)(request)
