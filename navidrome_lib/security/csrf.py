"""The page for a form that was refused because it may not be from our own page: its cause, and what helps."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import REASON_NO_CSRF_COOKIE, REASON_NO_REFERER

from navidrome_lib.api.handlers import answer
from navidrome_lib.security.proxies import IGNORED, TRUSTED

HEADING: Final = "The form was not accepted"
UNCHANGED: Final = "Nothing was changed."
DECLARE: Final = (
    "Set ND_TRUSTEDPROXIES to the address of the proxy, which the log of the server names, and restart the server."
)
SCHEME: Final = (
    "Have the proxy send X-Forwarded-Proto (nginx: proxy_set_header X-Forwarded-Proto $scheme), and name its address "
    "in ND_TRUSTEDPROXIES."
)
HOST: Final = (
    "If you use a proxy, have it pass the host name on (nginx: proxy_set_header Host $http_host), or name its address "
    "in ND_TRUSTEDPROXIES and have it send X-Forwarded-Host. If not, a page of another server has sent this form."
)
REFERRER: Final = (
    "A proxy or an add-on of the browser sets “Referrer-Policy: no-referrer”. Have it leave that header as this server "
    "sends it (same-origin), then load the page again."
)
AGAIN: Final = "Go back, load the page again, and send the form once more."


def refuse(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's view for a failed check: 403 with the cause and the option that helps."""
    cause, remedy = explain(request, reason)
    return answer(request, HTTPStatus.FORBIDDEN, f"{cause} {UNCHANGED}", remedy, heading=HEADING)


def explain(request: HttpRequest, reason: str) -> tuple[str, str]:
    """What was wrong, and what to do."""
    origin = request.headers.get("Origin", "")
    if origin == "null" or (not origin and reason == REASON_NO_REFERER):
        return "The browser hid from which page the form came.", REFERRER
    if origin and not is_own(request, origin):
        return explain_origin(request, origin)
    if reason == REASON_NO_CSRF_COOKIE:
        if settings.CSRF_COOKIE_SECURE and not request.is_secure():
            return (
                "The browser sent no cookie: with ND_SECURECOOKIES=true it sends them over HTTPS only.",
                "Open this site by HTTPS, or set ND_SECURECOOKIES=false.",
            )
        return "The browser sent no cookie.", "Allow cookies for this site, then load the page again."
    return "The page was opened before you signed in, or too long ago.", AGAIN


def is_own(request: HttpRequest, origin: str) -> bool:
    """Whether the browser named this server, as the server knows itself."""
    return origin.lower() == f"{request.scheme}://{host_of(request)}"


def host_of(request: HttpRequest) -> str:
    try:
        return request.get_host().lower()
    except DisallowedHost:
        return ""


def explain_origin(request: HttpRequest, origin: str) -> tuple[str, str]:
    """Why the page that the browser names is none of ours to us."""
    ignored: dict[str, str] = request.META.get(IGNORED) or {}
    own = host_of(request)
    try:
        named = urlsplit(origin).netloc.lower()
    except ValueError:
        named = ""
    told = ignored.get("HTTP_X_FORWARDED_HOST", "").split(",")[-1].strip().lower()
    if named and named == own:
        cause = f"The form came by {urlsplit(origin).scheme.upper()} (Origin: {origin}), but the server was asked by "
        cause += f"{str(request.scheme).upper()}: a proxy stands between, "
        if ignored:
            return f"{cause}which the server does not know.", DECLARE
        return f"{cause}which does not say so.", SCHEME if not request.META.get(TRUSTED) else SCHEME.split(",")[0] + "."
    if named and named == told:
        cause = (
            f"The form came from {origin}, which a proxy has passed on as {own}; the server does not know the proxy."
        )
        return cause, DECLARE
    return f"The form came from {origin}, but the server was asked as {own}.", HOST
