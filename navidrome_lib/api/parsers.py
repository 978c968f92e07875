"""Request bodies: JSON, bounded, and never a crash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

MAX_DEPTH = 32


class BodyTooLarge(APIException):
    """413 for a body over the limit."""

    status_code = 413
    default_detail = "The request body is too large."
    default_code = "too_large"


class JSONParser(BaseParser):
    """`application/json`; orjson refuses NaN, lone surrogates and endless nesting."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge
        try:
            data = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError("The request body is not valid JSON.") from error
        if not shallow(data, MAX_DEPTH):
            raise ParseError("The request body is nested too deeply.")
        return data


class AnyTypeJSONParser(JSONParser):
    """JSON whatever the `Content-Type` says: some clients send text/plain."""

    media_type = "*/*"


def shallow(data: object, depth: int) -> bool:
    """True when `data` nests at most `depth` levels."""
    if isinstance(data, dict):
        return depth > 0 and all(shallow(value, depth - 1) for value in data.values())
    if isinstance(data, list):
        return depth > 0 and all(shallow(value, depth - 1) for value in data)
    return True
