"""Who looks: what a request may see, and whose it is, for code that does not know accounts.

The rights of a request are those of its viewer and of nothing else: an account does not know by which credential it
is here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from django.db.models import QuerySet
from django.http import HttpRequest

if TYPE_CHECKING:
    from rest_framework.request import Request


class Viewer(Protocol):
    """The rights of a request; `users.models.Viewer` has them for an account and its API key."""

    @property
    def pk(self) -> str:
        """The id of the account; empty when there is none."""

    @property
    def name(self) -> str:
        """The user name of the account; empty when there is none."""

    @property
    def is_active(self) -> bool:
        """Whether anything may be seen at all."""

    @property
    def is_admin(self) -> bool:
        """Whether everything may be seen and changed."""

    @property
    def may_scan(self) -> bool:
        """Whether scans of the visible libraries may be started."""

    @property
    def may_manage(self) -> bool:
        """Whether more may be changed than what programs with few rights change, such as starting scans."""

    def granted_library_ids(self) -> QuerySet[Any, int] | Collection[int]:
        """The libraries that one who is no admin can access."""


@dataclass(frozen=True)
class SignedOut:
    """The viewer of a request without valid credentials: it sees nothing."""

    pk: str = ""
    name: str = ""
    is_active: bool = False
    is_admin: bool = False
    may_scan: bool = False
    may_manage: bool = False

    def granted_library_ids(self) -> Collection[int]:
        return ()


SIGNED_OUT: Final = SignedOut()


def viewer_of(request: HttpRequest | Request) -> Viewer:
    """The viewer of a request: on pages that of the session, on the API that of the credential that was accepted."""
    if isinstance(request, HttpRequest):
        user: Any = request.user
        return cast("Viewer", user.as_viewer()) if user.is_authenticated else SIGNED_OUT
    return cast("Viewer", request.auth or SIGNED_OUT)


def is_admin(request: HttpRequest | Request) -> bool:
    """Whether a request is from an admin."""
    viewer = viewer_of(request)
    return viewer.is_active and viewer.is_admin
