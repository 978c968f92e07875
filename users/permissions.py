"""Who may do what with accounts and scans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from navidrome_lib.errors import NotAllowed
from users.api_keys import allows
from users.models import Scope, User

if TYPE_CHECKING:
    from rest_framework.views import APIView


class IsSelfOrAdmin(BasePermission):
    """The account in the address is one's own, or one is an admin. Decided without looking the account up."""

    message = "You may only do this with your own account."

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        if not isinstance(user, User) or not user.is_active:
            return False
        return user.is_admin or view.kwargs.get("pk") == user.pk


class IsSelf(BasePermission):
    """The account in the address is one's own: not even an admin reads what only its owner may know."""

    message = "You may only do this with your own account."

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        return isinstance(user, User) and user.is_active and view.kwargs.get("pk") == user.pk


def signed_in_user(request: Request) -> User:
    """The account that asks, where a permission has already seen that there is one."""
    if not isinstance(request.user, User):
        raise NotAllowed
    return request.user


def may_scan(user: User) -> bool:
    """True when `user` may start scans of the libraries they see."""
    return user.is_active and (user.is_superuser or user.may_scan) and allows(user.key, Scope.SCAN)
