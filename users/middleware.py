"""What happens around each request of a person."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from navidrome_lib.errors import TooManyAttempts
from users import devices, sessions, tokens
from users.authentication import RENEW_FOR
from users.refusals import REFUSAL


def renew_token(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Every answer to a request that came with a token brings a renewed one in `x-nd-authorization`."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        authenticated: tokens.AuthenticatedUser | None = request.META.get(RENEW_FOR)
        if authenticated is not None:
            response["x-nd-authorization"] = tokens.renew(authenticated)
        return response

    return middleware


def renew_session(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """The session of a browser goes on while it is used, up to the longest life of a sign-in."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        session = getattr(request, "session", None)
        if session is not None and session.accessed:
            sessions.renew(session)
        return response

    return middleware


def known_browser(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Know a browser from its first sign-in on, by a signed cookie."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with devices.visiting(devices.Device(request.COOKIES.get(devices.COOKIE, ""))) as device:
            response = get_response(request)
            device.write(response)
        return response

    return middleware


def status_of_refusals(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """A page whose form was refused for too many attempts is 429, and 503 when the server is busy."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        error = request.META.get(REFUSAL)
        if error is not None:
            response.status_code = 429 if isinstance(error, TooManyAttempts) else 503
            response["Retry-After"] = str(error.retry_after)
        return response

    return middleware
