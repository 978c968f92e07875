"""What tests replace: public names, by their module. Limits and listers are parameters and settings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent


def forbidden(source: str) -> Iterator[str]:
    """What replaces a private name of another object; calls of `setattr` for a constant or a name in a string, too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and any(is_private_of_another(target) for target in node.targets):
            yield ast.unparse(node)
        if isinstance(node, ast.Call) and name_of(node.func) == "setattr" and node.args:
            words = [arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            words += [part.attr for part in ast.walk(node.args[0]) if isinstance(part, ast.Attribute)]
            by_string = isinstance(node.args[0], ast.Constant)
            if by_string or any(word.startswith("_") or word.isupper() for word in words):
                yield ast.unparse(node)


def is_private_of_another(target: ast.expr) -> bool:
    """Whether `target` is `other._name`, where `other` is not the object whose own method this is."""
    if not isinstance(target, ast.Attribute) or not target.attr.startswith("_") or target.attr.endswith("__"):
        return False
    return not (isinstance(target.value, ast.Name) and target.value.id in ("self", "cls"))


def name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_no_private_name_and_no_constant_is_replaced() -> None:
    files = sorted(TESTS.rglob("*.py"))
    found = {path.relative_to(TESTS).as_posix(): list(forbidden(path.read_text(encoding="utf-8"))) for path in files}
    assert len(found) > 200
    assert {name: calls for name, calls in found.items() if calls} == {}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('patch.setattr("libraries.queue.deliver", print)', True),
        ('patch.setattr(pipeline, "_walk", print)', True),
        ("patch.setattr(pipeline._Run, step, print)", True),
        ('setattr(lease, "LEASE_SECONDS", 1)', True),
        ("connection._commit = print", True),
        ("self._commit = print", False),
        ('patch.setattr(pipeline, "make_pool", print)', False),
        ("settings.CACHE_FOLDER = tmp_path", False),
    ],
)
def test_what_is_forbidden(line: str, found: bool) -> None:
    assert bool(list(forbidden(line))) is found
