"""Who is asking."""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication, SessionAuthentication


class TokenAuthentication(BaseAuthentication):
    """Bearer tokens."""

    def authenticate(self, request):  # type: ignore[no-untyped-def]
        return None


class SameOriginSessionAuthentication(SessionAuthentication):
    """The admin site's session."""
