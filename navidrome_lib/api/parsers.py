"""Request bodies: JSON, bounded, and never a crash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import parse_qsl

import orjson
from django.conf import settings
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

MAX_DEPTH = 32
FORM = "application/x-www-form-urlencoded"


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
        data = self.decode(body, media_type)
        if not shallow(data, MAX_DEPTH):
            raise ParseError("The request body is nested too deeply.")
        return data

    def decode(self, body: bytes, media_type: str | None) -> Any:
        """The data of a body, or `ParseError`."""
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError("The request body is not valid JSON.") from error


class CredentialsParser(JSONParser):
    """JSON whatever the `Content-Type` says, which some clients send as text/plain; or a form that says it is one."""

    media_type = "*/*"

    def decode(self, body: bytes, media_type: str | None) -> Any:
        try:
            return super().decode(body, media_type)
        except ParseError:
            if (media_type or "").partition(";")[0].strip().lower() != FORM:
                raise
        try:
            return dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=10))
        except ValueError as error:
            raise ParseError("The request body is neither JSON nor a form.") from error


def shallow(data: object, depth: int) -> bool:
    """True when `data` nests at most `depth` levels."""
    if isinstance(data, dict):
        return depth > 0 and all(shallow(value, depth - 1) for value in data.values())
    if isinstance(data, list):
        return depth > 0 and all(shallow(value, depth - 1) for value in data)
    return True
