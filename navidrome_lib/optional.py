"""Packages that others load where they find them, kept out where they are of no use."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def without(name: str) -> Iterator[None]:
    """Imports in this context do not find the package, as if it was not installed."""
    modules: dict[str, Any] = sys.modules
    found = {key: modules.pop(key) for key in list(modules) if key == name or key.startswith(f"{name}.")}
    modules[name] = None
    try:
        yield
    finally:
        del modules[name]
        modules.update(found)
