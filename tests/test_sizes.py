"""The sizes that CONTRIBUTING.md allows: a file is read in one sitting, a function on one screen."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDERS = (
    "bench", "devtools", "libraries", "listening", "media", "missing", "navidrome_lib", "script", "subsonic", "synth",
    "system", "tests", "users",
)  # fmt: skip
MAX_FILE, MAX_FUNCTION = 400, 50


def sources() -> Iterator[tuple[str, str]]:
    """The name and text of each Python file; a migration is as long as what it changes."""
    for folder in FOLDERS:
        for path in sorted((REPOSITORY / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(REPOSITORY).as_posix(), path.read_text(encoding="utf-8")


def functions(text: str) -> Iterator[tuple[str, int]]:
    """The name of each function, and its lines."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_the_limits_are_those_of_the_house_rules() -> None:
    rules = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"Files have at most {MAX_FILE} lines, functions at most {MAX_FUNCTION}." in rules


def test_files_and_functions_are_small() -> None:
    files = dict(sources())
    assert len(files) > 600
    assert {name: text.count("\n") for name, text in files.items() if text.count("\n") > MAX_FILE} == {}
    long = {
        f"{name}: {function}": lines
        for name, text in files.items()
        for function, lines in functions(text)
        if lines > MAX_FUNCTION
    }
    assert long == {}
