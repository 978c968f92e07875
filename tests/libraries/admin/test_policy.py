"""The content security policy, and that our own pages need nothing that it forbids."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from libraries.models import Library
from navidrome_lib.security.csp import DATA, HEADER, PAGES

pytestmark = pytest.mark.alike

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = sorted(ROOT.glob("*/templates/**/*.html"))


def test_every_answer_has_a_policy(site: Client, library: Library) -> None:
    assert site.get("/admin/")[HEADER] == PAGES
    assert site.get("/api/docs/")[HEADER] == PAGES
    assert site.get("/api/library")[HEADER] == DATA
    assert site.get("/admin/libraries/library/live/")[HEADER] == DATA
    assert Client().get("/admin/login/")[HEADER] == PAGES
    assert Client().get("/nothing")[HEADER] in (PAGES, DATA)


def test_the_policy_has_no_inline_script() -> None:
    rules = dict(rule.split(" ", 1) for rule in PAGES.split("; "))
    assert "'unsafe-inline'" not in rules["script-src"]
    assert rules["script-src-attr"] == "'none'"
    assert rules["default-src"] == "'none'"
    assert not re.search(r"https?:|\*", PAGES)


def test_our_templates_have_no_inline_script_or_style() -> None:
    assert len(TEMPLATES) > 20
    for path in TEMPLATES:
        text = path.read_text()
        assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|javascript:|\sstyle=|\sx-|\s@", text), path
        assert "|safe" not in text, path
        assert "autoescape off" not in text, path


def test_pages_have_no_inline_script(site: Client, library: Library) -> None:
    libraries = "/admin/libraries/library/"
    for address in ("/admin/", libraries, f"{libraries}add/", "/api/docs/", "/admin/login/"):
        page = site.get(address).content.decode()
        assert not re.search(r"<script(?![^>]* src=)[^>]*>\s*\S", page), address
        assert not re.search(r"(src|href)=\"(https?:)?//", page), address
