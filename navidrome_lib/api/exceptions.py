"""Every error leaves as `{"error": "sentence"}`, what concerns fields with `"errors": {field: sentence}`."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from navidrome_lib import errors
from navidrome_lib.outages import outage_of

logger = logging.getLogger(__name__)

STATUS: dict[type[errors.DomainError], int] = {
    errors.NotFound: 404,
    errors.InvalidInput: 400,
    errors.Conflict: 409,
    errors.NotAllowed: 403,
    errors.Unavailable: 503,
    errors.TooManyAttempts: 429,
}


def handle(exc: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to `exc`, or None for a bug of ours."""
    response = answer(exc) or from_outage(exc, context)
    if response is not None:
        set_rollback()
    return response


def from_outage(exc: Exception, context: dict[str, Any]) -> Response | None:
    """What is away or full, in one sentence; one line of the log says it, too."""
    outage = outage_of(exc)
    if outage is None:
        return None
    request = context["request"]
    logger.warning("%s %s: %s", request.method, request.path, outage.sentence)
    response = from_domain(outage.unavailable())
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django would add a line without the reason
    return response


def answer(exc: Exception) -> Response | None:
    """Translate without touching the transaction."""
    if isinstance(exc, errors.DomainError):
        return from_domain(exc)
    if isinstance(exc, (Http404, ObjectDoesNotExist)):  # the latter: deleted between two looks at it
        return Response({"error": errors.NotFound.default_message}, status=404)
    if isinstance(exc, PermissionDenied):
        return Response({"error": errors.NotAllowed.default_message}, status=403)
    if isinstance(exc, RequestDataTooBig):
        return Response({"error": "The request body is too large."}, status=413)
    if isinstance(exc, exceptions.ValidationError):
        return from_validation(exc)
    if isinstance(exc, exceptions.APIException):
        return from_api(exc)
    return None


def from_domain(exc: errors.DomainError) -> Response:
    status = next(code for kind, code in STATUS.items() if isinstance(exc, kind))
    body: dict[str, Any] = {"error": exc.message}
    if isinstance(exc, errors.FieldError) and exc.errors:
        body["errors"] = exc.errors
    retry_after = getattr(exc, "retry_after", None)
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Response(body, status=status, headers=headers)


def from_api(exc: exceptions.APIException) -> Response:
    headers = {}
    if isinstance(exc, (exceptions.NotAuthenticated, exceptions.AuthenticationFailed)):
        # always 401 and always with a challenge, whichever way of signing in was tried
        exc.status_code = 401
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    if isinstance(exc, exceptions.Throttled) and getattr(exc, "wait", None):
        headers["Retry-After"] = str(math.ceil(getattr(exc, "wait", 0)))
    sentence = next(iter(sentences(exc.detail)), errors.DomainError.default_message)
    return Response({"error": sentence[1]}, status=exc.status_code, headers=headers)


def from_validation(exc: exceptions.ValidationError) -> Response:
    found: dict[str, str] = {}
    for field, sentence in sentences(exc.detail):
        found[field] = f"{found[field]} {sentence}" if field in found else sentence
    general = found.pop("", None)
    named = [f"{field}: {sentence}" for field, sentence in found.items()]
    body: dict[str, Any] = {"error": " ".join([*([general] if general else []), *named])}
    if found:
        body["errors"] = found
    return Response(body, status=400)


def sentences(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each (field path, sentence) of a DRF error detail, nested fields joined by dots."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            name = "" if key in ("non_field_errors", "__all__", "detail") else str(key)
            yield from sentences(value, ".".join(part for part in (path, name) if part))
    elif isinstance(detail, (list, tuple)):
        for value in detail:
            yield from sentences(value, path)
    else:
        yield path, str(detail)
