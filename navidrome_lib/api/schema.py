"""The OpenAPI document in the spelling of the documentation."""

from __future__ import annotations

from typing import Any

from django.conf import settings

# the documented addresses that end in a slash
WITH_SLASH = frozenset({"/api/keepalive/", "/api/insights/"})
# an extension of `extend_schema`: the body that a DELETE takes, which drf-spectacular leaves out
BODY_OF_DELETE = "x-request-body"


def plain_paths(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Show each path as it is documented; every one answers with and without a slash at its end."""
    result["paths"] = {documented(path): operations for path, operations in result["paths"].items()}
    return result


def bodies_of_deletes(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Put the bodies of DELETE requests where readers of the document look for them."""
    for operations in result["paths"].values():
        operation = operations.get("delete", {})
        if body := operation.pop(BODY_OF_DELETE, None):
            operation["requestBody"] = body
    return result


def documented(path: str) -> str:
    """One path in its documented form."""
    path = path.replace("/?", "/")
    return path if path in WITH_SLASH else path.rstrip("/") or "/"


def server_below_path(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Name the path prefix as the server of all addresses: they are documented without it."""
    prefix = settings.FORCE_SCRIPT_NAME
    return {**result, "servers": [{"url": prefix}]} if prefix else result
