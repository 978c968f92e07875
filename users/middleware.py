"""What happens around each request of a person."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from users import tokens
from users.authentication import RENEW_FOR


def renew_token(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Every answer to a request that came with a token brings a renewed one in `x-nd-authorization`."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        user = request.META.get(RENEW_FOR)
        if user is not None:
            response["x-nd-authorization"] = tokens.issue(user)
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware
