"""Which accounts and API keys a viewer may see."""

from __future__ import annotations

from typing import Any, Self

from django.db.models import QuerySet

from navidrome_lib.audit.services import record
from navidrome_lib.viewer import Viewer


class UserQuerySet(QuerySet[Any]):
    """Accounts."""

    def visible_to(self, viewer: Viewer) -> Self:
        """All for an admin, one's own for a regular account; it fails closed."""
        if not viewer.is_active:
            return self.none()
        return self.all() if viewer.is_admin else self.filter(pk=viewer.pk)

    def active_admins(self) -> Self:
        """Those who can run the server."""
        return self.filter(is_superuser=True, is_active=True)


class ApiKeyQuerySet(QuerySet[Any]):
    """API keys."""

    def visible_to(self, viewer: Viewer) -> Self:
        """All for an admin, one's own for a regular account; it fails closed."""
        if not viewer.is_active:
            return self.none()
        return self.all() if viewer.is_admin else self.filter(user=viewer.pk)

    def revoke(self) -> int:
        """End these keys, each with an audit entry, inside the caller's transaction; returns how many there were."""
        rows = self.order_by("pk").select_for_update(of=("self",)).select_related("user")
        for key in rows:
            record("key.revoke", {"owner": key.user.username}, kind="key", pk=key.pk, name=key.name)
        return self.filter(pk__in=[key.pk for key in rows]).delete()[1].get("users.ApiKey", 0)
