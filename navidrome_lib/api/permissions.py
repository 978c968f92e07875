"""Who may call an endpoint. `IsAdmin` is the default: an endpoint that names no permission is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from navidrome_lib.viewer import is_admin, viewer_of

if TYPE_CHECKING:
    from rest_framework.views import APIView


class IsAdmin(BasePermission):
    """Active admins only."""

    message = "Only an admin may do this."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return is_admin(request)


class IsSignedIn(BasePermission):
    """Every active user."""

    message = "Sign in first."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return viewer_of(request).is_active
