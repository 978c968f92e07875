"""Who is asking. Every way to sign in to `/api` is here; each reads the account from the database at each request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from users import services, tokens
from users.models import User

if TYPE_CHECKING:
    from drf_spectacular.openapi import AutoSchema

CHALLENGE = 'Bearer realm="api"'
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# where the middleware finds the account whose token it renews
RENEW_FOR = "navidrome_lib.renew_for"


def is_same_origin(request: HttpRequest) -> bool:
    """True when a browser says that a page of ours sent this; False also when nobody says anything.

    `Sec-Fetch-Site` cannot be set by a page, but browsers leave it out on plain HTTP; `Origin` is always sent with
    methods that change something.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    try:
        origin = urlsplit(request.headers.get("Origin", ""))
    except ValueError:
        return False
    # behind a proxy that ends TLS we may not know that the page came by https; the reverse is never innocent
    if origin.scheme not in ("http", "https") or (request.is_secure() and origin.scheme == "http"):
        return False
    return origin.netloc.lower() == request.get_host().lower()


def refuse_foreign_pages(request: HttpRequest) -> None:
    """A browser adds cookies to whatever page asks: only our own pages may change something with them."""
    if request.method not in SAFE_METHODS and not is_same_origin(request):
        raise PermissionDenied("A request that is signed in with a cookie must come from a page of this server.")


def bearer(header: str | None) -> str | None:
    """The token in `Bearer <token>`; None for other schemes, which may be meant for a proxy."""
    scheme, _, token = (header or "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


class TokenAuthentication(BaseAuthentication):
    """`X-ND-Authorization: Bearer`, `Authorization: Bearer`, `?jwt=`, or the cookie `jwt`, in this order."""

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        found = self.from_headers(request._request) or request._request.GET.get("jwt")
        if found:
            user = self.user_of(found)
            if user is None:
                raise AuthenticationFailed("The token is not valid or has ended. Sign in again.")
            return self.accept(request._request, user), "token"
        cookie = request._request.COOKIES.get("jwt")
        # an old cookie is no reason to refuse somebody who is signed in to the admin site
        user = self.user_of(cookie) if cookie else None
        if user is None:
            return None
        refuse_foreign_pages(request._request)
        return self.accept(request._request, user), "cookie"

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE

    def from_headers(self, request: HttpRequest) -> str | None:
        own = request.headers.get("X-ND-Authorization")
        return bearer(own) or bearer(request.headers.get("Authorization")) or None

    def user_of(self, token: str) -> User | None:
        return tokens.verify(token)

    def accept(self, request: HttpRequest, user: User) -> User:
        services.note_access(user)
        request.META[RENEW_FOR] = user
        return user


class OptionalTokenAuthentication(TokenAuthentication):
    """For public addresses: a good token is renewed, a bad one is as if there were none."""

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        try:
            return super().authenticate(request)
        except (AuthenticationFailed, PermissionDenied):
            return None


class SameOriginSessionAuthentication(BaseAuthentication):
    """The session of the admin site, for pages of this server."""

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        user: Any = getattr(request._request, "user", None)
        if not isinstance(user, User) or not user.is_active:
            return None
        refuse_foreign_pages(request._request)
        services.note_access(user)
        return user, "session"

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document describes tokens."""

    target_class = TokenAuthentication
    match_subclasses = True
    name = ["bearer", "navidromeHeader", "jwtQuery", "jwtCookie"]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        return [
            {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            {"type": "apiKey", "in": "header", "name": "X-ND-Authorization", "description": "`Bearer <token>`"},
            {"type": "apiKey", "in": "query", "name": "jwt"},
            {"type": "apiKey", "in": "cookie", "name": "jwt"},
        ]


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document describes the admin site's session."""

    target_class = SameOriginSessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "Only from pages of this server."}
