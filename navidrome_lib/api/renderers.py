"""Answers as JSON through orjson, several times faster than the standard library on long lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from django.db.models import Model, QuerySet
from django.utils.functional import Promise
from rest_framework.renderers import BaseRenderer


def plain(value: Any) -> Any:
    """What orjson cannot write by itself: lazy texts, and lists in disguise. A model is a mistake in a view."""
    if isinstance(value, Promise):
        return str(value)
    if isinstance(value, (QuerySet, tuple, set)):
        return list(value)
    if isinstance(value, Model):
        raise TypeError(f"a view returned a {type(value).__name__} without a serializer")
    return str(value)


class JSONRenderer(BaseRenderer):
    """`application/json`, UTF-8."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        if data is None:
            return b""
        return orjson.dumps(data, default=plain, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z)
