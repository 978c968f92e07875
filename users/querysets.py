"""Querysets of accounts and API keys, limited to what a viewer may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils import timezone

from libraries.querysets import Viewer

if TYPE_CHECKING:
    from users.models import ApiKey, User  # noqa: F401


class UserQuerySet(QuerySet["User"]):
    """Accounts."""

    def visible_to(self, viewer: Viewer | AnonymousUser) -> Self:
        """All rows for an admin, else the viewer's own; none for anonymous viewers."""
        if isinstance(viewer, AnonymousUser) or not viewer.is_active:
            return self.none()
        return self.all() if viewer.is_admin else self.filter(pk=getattr(viewer, "pk", None))

    def active_admins(self) -> Self:
        """Those who can run the server."""
        return self.filter(is_superuser=True, is_active=True)


class ApiKeyQuerySet(QuerySet["ApiKey"]):
    """API keys."""

    def visible_to(self, viewer: Viewer | AnonymousUser) -> Self:
        """All rows for an admin, else the viewer's own; none for anonymous viewers."""
        if isinstance(viewer, AnonymousUser) or not viewer.is_active:
            return self.none()
        return self.all() if viewer.is_admin else self.filter(user=getattr(viewer, "pk", None))

    def usable(self) -> Self:
        """Those that open something now."""
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now()), user__is_active=True)
