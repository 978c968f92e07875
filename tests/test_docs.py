"""What the documentation says is there: files, links, commands, options and addresses."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import Resolver404, resolve

from navidrome_lib.config.conf import Conf
from navidrome_lib.config.option import declared_options
from subsonic.urls import METHODS

REPOSITORY = Path(__file__).resolve().parent.parent
DOCS = REPOSITORY / "docs"
PAGES = sorted([*(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")), *DOCS.rglob("*.md")])
NAMES = [page.relative_to(REPOSITORY).as_posix() for page in PAGES]
TOP_LEVEL = {path.name for path in REPOSITORY.iterdir() if path.is_dir() and not path.name.startswith(".")}
COLUMNS = 100
PRODUCT = ("navidrome_lib", "libraries", "users", "listening", "media", "missing", "subsonic", "system", "synth")
# read by scripts and tests, not by the server
OTHER_VARIABLES = {"ND_CLIENTS", "ND_VENV", "ND_HAZARDS"}


def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def prose_of(name: str) -> str:
    """The page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", text_of(name), flags=re.MULTILINE | re.DOTALL)


def anchors_of(page: Path) -> set[str]:
    """What links may point to inside a page, as code hosts name headings."""
    headings = re.findall(r"^#+ (.+)$", prose_of(page.relative_to(REPOSITORY).as_posix()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def addresses_of(name: str) -> Iterator[str]:
    """The addresses of the API that a page names, with a value in the place of each `{id}`."""
    for found in re.findall(r"(?<![\w.])/(?:api|auth|rest)(?:/[\w{}]+)*/?", prose_of(name)):
        if found not in {"/api", "/auth", "/rest", "/api/", "/auth/", "/rest/"}:
            yield re.sub(r"\{\w+\}", "1", found)


@pytest.mark.parametrize("name", NAMES)
def test_no_line_is_longer_than_a_reader_likes(name: str) -> None:
    assert [line for line in text_of(name).splitlines() if len(line) > COLUMNS] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_page_begins_with_its_title_and_its_links_lead_somewhere(name: str) -> None:
    page = REPOSITORY / name
    assert text_of(name).startswith("# ")
    assert len(re.findall(r"^# ", prose_of(name), re.MULTILINE)) == 1
    for target in re.findall(r"\]\(([^)\s]+)\)", prose_of(name)):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors_of(linked), target


@pytest.mark.parametrize("name", NAMES)
def test_every_path_that_is_named_exists(name: str) -> None:
    named = re.findall(r"(?<![\w./{}])(?:\./)?([\w-]+/[\w./-]*[\w/])", text_of(name))
    paths = {path for path in named if path.split("/")[0] in TOP_LEVEL}
    missing = [path for path in sorted(paths) if not (REPOSITORY / path).exists()]
    assert missing == []


def test_the_paths_of_the_walks_are_found() -> None:
    assert len(set(re.findall(r"`[\w/]+\.py`", text_of("docs/architecture.md")))) > 30


def test_every_promise_about_security_names_the_tests_that_prove_it() -> None:
    sections = text_of("docs/security.md").split("\n## ")[1:]
    assert len(sections) == 4
    for section in sections:
        for promise in section.split("\n- ")[1:]:
            paths = re.findall(r"`(tests/[\w/]+/test_\w+\.py)`", promise)
            assert paths, promise
            assert all((REPOSITORY / path).is_file() for path in paths), promise


@pytest.mark.parametrize("name", NAMES)
def test_every_option_that_is_named_exists(name: str) -> None:
    known = {option.variable for option in declared_options(Conf)} | OTHER_VARIABLES
    assert set(re.findall(r"\bND_[A-Z_]*[A-Z]\b", text_of(name))) <= known


@pytest.mark.parametrize("name", NAMES)
def test_every_management_command_that_is_named_exists(name: str) -> None:
    named = set(re.findall(r"(?:manage\.py|django-admin) (\w+)", text_of(name)))
    assert named <= set(get_commands())


@pytest.mark.parametrize("name", NAMES)
def test_every_address_that_is_named_answers(name: str) -> None:
    unknown = []
    for address in addresses_of(name):
        try:
            resolve(address)
        except Resolver404:
            unknown.append(address)
    assert unknown == []


def test_every_command_of_the_readme_has_help(tmp_path: Path) -> None:
    environ = {**os.environ, "ND_DATAFOLDER": str(tmp_path)}
    for line in sorted(set(re.findall(r"manage\.py (\w+)", text_of("README.md")))):
        shown = subprocess.run(
            [sys.executable, "manage.py", line, "--help"], cwd=REPOSITORY, env=environ, capture_output=True, text=True
        )
        assert shown.returncode == 0, shown.stderr


def test_the_index_of_decisions_has_each_with_its_question() -> None:
    listed = dict(re.findall(r"^- \[(.+)\]\((.+\.md)\)$", text_of("docs/decisions/README.md"), re.MULTILINE)[::-1])
    pages = {page.name: page.read_text().split("\n", 1)[0][2:] for page in (DOCS / "decisions").glob("*.md")}
    del pages["README.md"]
    assert {file: question for question, file in listed.items()} == pages


def test_the_map_has_every_package() -> None:
    rows = re.findall(r"^\| `.*$", text_of("docs/architecture.md"), re.MULTILINE)
    listed = re.findall(r"`([\w/]+)/`", "\n".join(rows))
    shown = set(listed)
    assert len(listed) == len(shown)
    for package in PRODUCT:
        assert package in shown
        for inside in (REPOSITORY / package).glob("*/__init__.py"):
            folder = inside.parent
            if folder.name not in {"migrations", "management", "templatetags", "formats"}:
                path = folder.relative_to(REPOSITORY).as_posix()
                assert path in shown or folder.name == "admin", path


def test_the_index_of_the_docs_has_every_page() -> None:
    linked = {(DOCS / target).resolve() for target in re.findall(r"\]\((\S+\.md)\)", text_of("docs/index.md"))}
    assert set(DOCS.glob("*.md")) - {DOCS / "index.md"} <= linked
    assert {REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", REPOSITORY / "SECURITY.md"} <= linked


def test_the_methods_of_the_protocol_are_listed() -> None:
    listed = re.findall(r"`([\w.]+)`", "\n".join(re.findall(r"^\|.*\|$", text_of("docs/subsonic.md"), re.MULTILINE)))
    assert sorted(listed) == sorted(METHODS)
