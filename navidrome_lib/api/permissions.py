"""Who may call an endpoint. `IsAdmin` is the default: an endpoint without permissions of its own is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView


class IsAdmin(BasePermission):
    """Active admins only."""

    message = "Only an admin may do this."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(getattr(request.user, "is_active", False) and getattr(request.user, "is_admin", False))


class IsSignedIn(BasePermission):
    """Every active user."""

    message = "Sign in first."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(request.user and request.user.is_authenticated and request.user.is_active)
