"""The OpenAPI document in the spelling of the documentation."""

from __future__ import annotations

from typing import Any


def plain_paths(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Show each path without the marks of its optional slash."""
    result["paths"] = {path.replace("/?", ""): operations for path, operations in result["paths"].items()}
    return result
