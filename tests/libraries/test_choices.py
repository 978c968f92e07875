"""The states, phases and kinds of `libraries.choices` are named, not written out, wherever something depends on one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from libraries import choices

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("bench", "libraries", "listening", "media", "missing", "navidrome_lib", "subsonic", "system", "users")
ENUMS = (
    choices.ChangeKind, choices.ExplainStatus, choices.LibraryStatus, choices.ProblemKind, choices.Role,
    choices.ScanPhase, choices.ScanState, choices.ScanTrigger, choices.WatchState,
)  # fmt: skip
VALUES = {member.value for enum in ENUMS for member in enum}
NAMES = ("channel", "kind", "phase", "role", "state", "status", "trigger")
# entries of the audit trail name what they are about, which is no trigger of a scan
OTHER_KINDS = {"library"}


def written_out(source: str) -> Iterator[str]:
    """The comparisons and arguments of something called a state, kind, … that have a value of an enum as a text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and is_named(node.left):
            inside = [part for side in node.comparators for part in ast.walk(side)]
            if any(is_value(part) for part in inside):
                yield ast.unparse(node)
        elif isinstance(node, ast.keyword) and str(node.arg).rpartition("__")[2] in NAMES and is_value(node.value):
            yield ast.unparse(node)


def is_named(expression: ast.expr) -> bool:
    name = expression.attr if isinstance(expression, ast.Attribute) else getattr(expression, "id", "")
    return name in NAMES


def is_value(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value in VALUES - OTHER_KINDS


def in_template(source: str) -> list[str]:
    """The comparisons of a template with a text that is a value of an enum."""
    return [text for text in re.findall(r"[=!]= *[\"'](\w+)[\"']", source) if text in VALUES]


def test_no_value_of_an_enum_is_written_out() -> None:
    found = {}
    for package in PACKAGES:
        for path in (REPOSITORY / package).rglob("*"):
            if path.suffix in (".py", ".html") and "migrations" not in path.parts:
                source = path.read_text(encoding="utf-8")
                texts = list(written_out(source)) if path.suffix == ".py" else in_template(source)
                found[path.relative_to(REPOSITORY).as_posix()] = texts
    assert len(found) > 300
    assert {name: texts for name, texts in found.items() if texts} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('scan.state == "failed"', True),
        ('rows.filter(scan__state="queued")', True),
        ('kind in ("io", "timeout")', True),
        ("scan.state == ScanState.FAILED", False),
        ('row["failed"] == 1', False),
        ('record("x", kind="library")', False),
    ],
)
def test_what_is_found(source: str, found: bool) -> None:
    assert bool(list(written_out(source))) is found
