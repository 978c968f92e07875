"""The middlewares of a browser's session: requests of clients, which have none, pass them by."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest

# below these no session begins: there, clients sign in with each request
CLIENTS: Final = ("/api/", "/rest/")


def has_session(request: HttpRequest) -> bool:
    """Whether the request brings the cookie of a session, or may begin one."""
    if not request.path_info.startswith(CLIENTS):
        return True
    cookies: str = request.META.get("HTTP_COOKIE", "")
    return settings.SESSION_COOKIE_NAME in cookies


class _WithSession:
    """Runs the middleware for requests with a session only; the others have no `session` and no `user` of one."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if has_session(request):
            return super().__call__(request)  # type: ignore[misc]
        return self.get_response(request)


class Sessions(_WithSession, SessionMiddleware):
    """`request.session`."""


class Accounts(_WithSession, AuthenticationMiddleware):
    """`request.user`, by the session."""


class Messages(_WithSession, MessageMiddleware):
    """What a page tells the person on the next one."""
