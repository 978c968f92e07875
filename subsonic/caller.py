"""Who makes a call, and with which credential."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from libraries.models import Library
from users.models import User
from users.permissions import may_scan


@dataclass(frozen=True)
class Caller:
    """A signed-in user."""

    user: User

    def libraries(self) -> QuerySet[Library]:
        """The libraries that this caller can access."""
        return self.user.visible_libraries()

    def may_scan(self) -> bool:
        return may_scan(self.user)
