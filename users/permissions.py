"""Who may do what with accounts and scans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from navidrome_lib.errors import NotAllowed
from navidrome_lib.viewer import viewer_of
from users.models import User

if TYPE_CHECKING:
    from rest_framework.views import APIView


class IsSelfOrAdmin(BasePermission):
    """The account in the address is one's own, or one is an admin. Decided without looking the account up."""

    message = "You may only do this with your own account."

    def has_permission(self, request: Request, view: APIView) -> bool:
        viewer = viewer_of(request)
        return viewer.is_active and (viewer.is_admin or view.kwargs.get("pk") == viewer.pk)


class IsSelf(BasePermission):
    """The account in the address is one's own: not even an admin reads what only its owner may know."""

    message = "You may only do this with your own account."

    def has_permission(self, request: Request, view: APIView) -> bool:
        viewer = viewer_of(request)
        return viewer.is_active and view.kwargs.get("pk") == viewer.pk


def signed_in_user(request: Request) -> User:
    """The account that asks, where a permission has already seen that there is one. Its rights are its viewer's."""
    if not isinstance(request.user, User):
        raise NotAllowed
    return request.user
