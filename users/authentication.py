"""Every way to sign in to `/api`; each reads the account from the database at each request.

A way that accepts a request answers with the account (`request.user`) and its viewer (`request.auth`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from navidrome_lib.audit.actor import identify
from navidrome_lib.security.proxies import TRUSTED
from users import api_keys, services, tokens
from users.last_use import note_use
from users.models import APP_SCOPES, ApiKey, Scope, User, Viewer
from users.tokens import AuthenticatedUser

if TYPE_CHECKING:
    from drf_spectacular.openapi import AutoSchema

CHALLENGE = 'Bearer realm="api"'
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# where the middleware finds the user whose token it renews
RENEW_FOR = "navidrome_lib.renew_for"


def is_same_origin(request: HttpRequest) -> bool:
    """True when a browser says that a page of ours sent this; False also without any such header.

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


def is_foreign_page(request: HttpRequest) -> bool:
    """True when a browser says that a page of another server sent this; False for our pages, and for programs."""
    told = "Sec-Fetch-Site" in request.headers or "Origin" in request.headers
    return told and not is_same_origin(request)


def bearer(header: str | None) -> str | None:
    """The token in `Bearer <token>`; None for other schemes, which may be meant for a proxy."""
    scheme, _, token = (header or "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def signed_in(user: User, key: ApiKey | None = None, *, is_app: bool = False) -> tuple[User, Viewer]:
    """Note the access of an account, name it in the audit trail, and return what an authentication answers with."""
    note_use(user, "last_access_at")
    identify(user.pk, user.username, key.name if key is not None else "")
    return user, Viewer(user, key, is_app)


def scope_needed(request: Request) -> Scope | str | None:
    """The scope that a key or an app needs for a request to `/api`; None where only its owner is let in."""
    view: Any = (request.parser_context or {}).get("view")
    if getattr(view, "refuses_keys", False):
        return None
    return Scope.READ if request.method in SAFE_METHODS else getattr(view, "key_scope", Scope.MANAGE)


class TokenAuthentication(BaseAuthentication):
    """`X-ND-Authorization: Bearer`, `Authorization: Bearer`, `?jwt=`, or the cookie `jwt`, in this order.

    The two headers also take an API key.
    """

    def authenticate(self, request: Request) -> tuple[User, Viewer] | None:
        found = self.from_headers(request._request)
        if found and api_keys.looks_like_key(found):
            return self.with_key(request, found)
        found = found or request._request.GET.get("jwt")
        if found:
            authenticated = tokens.verify(found)
            if authenticated is None:
                raise AuthenticationFailed("The token is not valid or has ended. Sign in again.")
            return self.accept(request, authenticated)
        cookie = request._request.COOKIES.get("jwt")
        # an old cookie is no reason to refuse a user who is signed in to the admin site
        authenticated = tokens.verify(cookie) if cookie else None
        if authenticated is None:
            return None
        refuse_foreign_pages(request._request)
        return self.accept(request, authenticated)

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE

    def from_headers(self, request: HttpRequest) -> str | None:
        own = request.headers.get("X-ND-Authorization")
        return bearer(own) or bearer(request.headers.get("Authorization")) or None

    def with_key(self, request: Request, text: str) -> tuple[User, Viewer]:
        """The owner of an API key that may do this."""
        key = api_keys.find_key(text)
        if key is None:
            raise AuthenticationFailed("The API key is not valid.")
        needed = scope_needed(request)
        if needed is None:
            raise PermissionDenied("An API key cannot do this. Sign in with a user name and password.")
        if needed not in key.scopes:
            raise PermissionDenied(f"The API key lacks the scope “{needed}”.")
        return signed_in(key.user, key)

    def accept(self, request: Request, authenticated: AuthenticatedUser) -> tuple[User, Viewer]:
        """The account of a token; with that of an app password only what an app may do."""
        request._request.META[RENEW_FOR] = authenticated
        if authenticated.is_app and scope_needed(request) not in APP_SCOPES:
            raise PermissionDenied("An app password cannot do this. Sign in with the login password.")
        return signed_in(authenticated.user, is_app=authenticated.is_app)


class OptionalTokenAuthentication(TokenAuthentication):
    """For public addresses: a good token is renewed, a bad one is as if there were none."""

    def authenticate(self, request: Request) -> tuple[User, Viewer] | None:
        try:
            return super().authenticate(request)
        except (AuthenticationFailed, PermissionDenied):
            return None


class ProxyAuthentication(BaseAuthentication):
    """The header in which a trusted proxy says whom it has signed in; off unless its name is configured."""

    def authenticate(self, request: Request) -> tuple[User, Viewer] | None:
        name: str = settings.CONF.reverse_proxy_user_header
        if not name or not request._request.META.get(TRUSTED):
            return None
        # a proxy that knows people by their machine adds the header to whatever page asks there, and pages of other
        # servers can read answers: they get none, whatever the method
        if "Origin" in request._request.headers and not is_same_origin(request._request):
            return None
        user = services.find_by_name(request._request.headers.get(name, ""))
        if user is None or not user.is_active:
            return None
        # the proxy adds the header to whatever page asks, as a browser does with cookies
        refuse_foreign_pages(request._request)
        return signed_in(user)

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class SameOriginSessionAuthentication(BaseAuthentication):
    """The session of the admin site, for pages of this server."""

    def authenticate(self, request: Request) -> tuple[User, Viewer] | None:
        user: Any = getattr(request._request, "user", None)
        if not isinstance(user, User) or not user.is_active:
            return None
        refuse_foreign_pages(request._request)
        return signed_in(user)

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


class ProxyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document describes sign-in by a proxy."""

    target_class = ProxyAuthentication
    name = "reverseProxy"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        text = "Only from a proxy of ND_TRUSTEDPROXIES, when ND_REVERSEPROXYUSERHEADER names the header."
        return {"type": "apiKey", "in": "header", "name": "Remote-User", "description": text}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document describes the admin site's session."""

    target_class = SameOriginSessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        name: str = settings.SESSION_COOKIE_NAME
        return {"type": "apiKey", "in": "cookie", "name": name, "description": "Only from pages of this server."}
