"""Serializer fields of the wire: ids as strings, instants in UTC with `Z`, texts that a database can keep."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from navidrome_lib.api.wire import instant
from navidrome_lib.controls import NAME_RULE, has_controls


@extend_schema_field(OpenApiTypes.STR)
class StringId(serializers.Field[Any, Any, str, Any]):
    """An id, a string out."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, **options)

    def to_representation(self, value: Any) -> str:
        return str(value)


class LibraryId(serializers.Field[Any, Any, str | int, Any]):
    """A library's id: a string, or a number for clients that were configured so."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, **options)

    def to_representation(self, value: Any) -> str | int:
        return int(value) if settings.CONF.numeric_library_ids else str(value)


LIBRARY_IDS = [
    {"type": "string", "pattern": "^[0-9]{1,18}$"},
    {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
]


class LibraryIdInField(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document describes the ids of libraries: as this server is configured to write them."""

    target_class = LibraryId

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        nullable = {"nullable": True} if self.target.allow_null else {}
        return {"type": "integer" if settings.CONF.numeric_library_ids else "string", **nullable}


@extend_schema_field({"oneOf": LIBRARY_IDS})
class LibraryIdInput(serializers.JSONField):
    """The id of a library in a body, as a string or a number; what else comes is judged by who reads it."""


class Timestamp(serializers.DateTimeField):
    """An instant out, as `2026-01-31T12:00:00.000Z`, or null."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, **options)

    def to_representation(self, value: Any) -> str:
        return instant(value)  # DRF itself answers null for None


class Text(serializers.CharField):
    """A text in: a JSON string only, without NUL, trimmed."""

    default_error_messages = {"invalid": "Must be a string."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Name(Text):
    """The name of something in: a text without control characters."""

    default_error_messages = {"controls": NAME_RULE}

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if has_controls(name):
            self.fail("controls")
        return name


@extend_schema_field(OpenApiTypes.INT)
class WholeNumber(serializers.IntegerField):
    """A whole number in JSON; true, "5" and 5.0 are mistakes."""

    default_error_messages = {"invalid": "Must be a whole number."}

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class Flag(serializers.Field[bool, Any, bool, Any]):
    """True or false in JSON; 1, "yes" and null are mistakes."""

    default_error_messages = {"invalid": "Must be true or false."}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return bool(data)

    def to_representation(self, value: Any) -> bool:
        return bool(value)


extend_schema_field(OpenApiTypes.BOOL)(Flag)
