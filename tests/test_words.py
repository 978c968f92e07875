"""The words of code, pages and docs: what docs/glossary.md asks for, and none of those that hide who is meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDERS = (
    "bench", "devtools", "docs", "libraries", "listening", "media", "missing", "navidrome_lib", "script", "subsonic",
    "synth", "system", "users",
)  # fmt: skip
SUFFIXES = {".py", ".md", ".html", ".js"}
VAGUE = re.compile(r"\b(whoever|nobody|somebody|anew|so\s+many)\b", re.IGNORECASE)
# the account of a system, and a made-up one
NAMES = re.compile(r"postgres or nobody|\"nobody\"|~nobody-of-this-name")


def vague_words(text: str) -> list[str]:
    return VAGUE.findall(NAMES.sub("", text))


def test_texts_say_who_and_how_many() -> None:
    pages = [path for folder in FOLDERS for path in (REPOSITORY / folder).rglob("*") if path.suffix in SUFFIXES]
    pages = [path for path in pages if "migrations" not in path.parts]
    pages += [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
    assert len(pages) > 400
    found = {str(path.relative_to(REPOSITORY)): vague_words(path.read_text(encoding="utf-8")) for path in pages}
    assert {name: words for name, words in found.items() if words} == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Nobody sees it.", ["Nobody"]),
        ("in so\nmany seconds", ["so\nmany"]),
        ('UNPRIVILEGED = ("postgres", "nobody")', []),
        ("A person sees it.", []),
    ],
)
def test_which_words_are_found(text: str, found: list[str]) -> None:
    assert vague_words(text) == found
