"""The scanner exports what others use, and nothing else; that they use nothing else an import contract proves."""

from __future__ import annotations

import ast
from pathlib import Path

from libraries import scanner

REPOSITORY = Path(__file__).resolve().parents[3]
PACKAGES = ("libraries", "listening", "media", "missing", "navidrome_lib", "subsonic", "system", "users")


def test_every_export_is_used_outside() -> None:
    used = set[str]()
    for package in PACKAGES:
        for path in (REPOSITORY / package).rglob("*.py"):
            if "scanner" not in path.parts:
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.ImportFrom) and node.module == "libraries.scanner":
                        used |= {name.name for name in node.names}
    assert used == set(scanner.__all__)
    assert all(getattr(scanner, name) is not None for name in used)
