"""Answers for what no view answered: JSON below the addresses of the API, a plain page elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.html import format_html, format_html_join

from navidrome_lib.errors import Unavailable
from navidrome_lib.outages import outage_of

API = ("/api", "/auth", "/rest")
PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>{1}</title><style>body{{font:1rem/1.5 system-ui;margin:15vh auto;max-width:32rem;padding:0 1rem}}</style>"
    '<h1>{0}</h1>{2}<p><a href="{3}">To the start</a></p></html>'
)


def is_api(request: HttpRequest) -> bool:
    """True for `/api`, and for everything below it; not for `/apiary`."""
    return any(request.path_info == prefix or request.path_info.startswith(f"{prefix}/") for prefix in API)


def answer(
    request: HttpRequest, status: HTTPStatus, sentence: str, *advice: str, heading: str | None = None
) -> HttpResponse:
    """The sentence as JSON or as a page, there with paragraphs of advice."""
    if is_api(request):
        return JsonResponse({"error": sentence}, status=status)
    start = f"{request.META.get('SCRIPT_NAME', '')}/"
    paragraphs = format_html_join("", "<p>{}</p>", ((text,) for text in (sentence, *advice)))
    title = heading or sentence
    return HttpResponse(format_html(PAGE, heading or status.phrase, title, paragraphs, start), status=status)


def handler(status: HTTPStatus, sentence: str) -> Callable[..., HttpResponse]:
    """One of Django's error handlers."""

    def handle(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
        return answer(request, status, sentence)

    return handle


bad_request = handler(HTTPStatus.BAD_REQUEST, "The request is not valid.")
forbidden = handler(HTTPStatus.FORBIDDEN, "You do not have permission to do this.")
not_found = handler(HTTPStatus.NOT_FOUND, "Not found.")
_failed = handler(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on the server. See its log.")


def server_error(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """For what is away or full: 503 with the reason; else a mistake of ours."""
    error = exception or sys.exc_info()[1]  # Django calls this while it handles the error, and does not pass it on
    outage = outage_of(error)
    refusal = error if isinstance(error, Unavailable) else outage.unavailable() if outage else None
    if refusal is None:
        return _failed(request)
    response = answer(request, HTTPStatus.SERVICE_UNAVAILABLE, refusal.message)
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response
