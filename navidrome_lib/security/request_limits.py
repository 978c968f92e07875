"""Bodies of requests, before anything reads them."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from navidrome_lib.api import handlers

UNKNOWN_LENGTH = "The length of the body is not given. Send it with a Content-Length; nothing was changed."


def measured_bodies(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Refuse a body of unknown length (chunked) with 411.

    Django takes such a body for an empty one, which can mean the opposite of what was sent: a `DELETE /api/missing`
    that names some files would remove all.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
            return handlers.answer(request, HTTPStatus.LENGTH_REQUIRED, UNKNOWN_LENGTH)
        return get_response(request)

    return middleware
