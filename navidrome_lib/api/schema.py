"""The OpenAPI document in the spelling of the documentation."""

from __future__ import annotations

from typing import Any

# the documented addresses that end in a slash
WITH_SLASH = frozenset({"/api/keepalive/", "/api/insights/"})


def plain_paths(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Show each path as it is documented; every one answers with and without a slash at its end."""
    result["paths"] = {documented(path): operations for path, operations in result["paths"].items()}
    return result


def documented(path: str) -> str:
    """One path in its documented form."""
    path = path.replace("/?", "/")
    return path if path in WITH_SLASH else path.rstrip("/") or "/"
