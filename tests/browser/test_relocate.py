"""A library whose folder was moved, at a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from libraries.models import Library, MediaFile
from tests.browser.conftest import Visitor, run_queued
from tests.support.scans import scan, write_album

pytestmark = pytest.mark.browser


def test_a_moved_library_is_found_again(at_admin: Visitor, music: Path) -> None:
    write_album(music / "First", 2)
    library = Library.objects.create(name="Rock", path=str(music))
    scan(library)
    ids = set(MediaFile.objects.values_list("pk", flat=True))
    music.rename(music.parent / "elsewhere")
    page = at_admin.page
    at_admin.go(f"/admin/libraries/library/{library.pk}/change/")
    page.get_by_role("link", name="Relocate…").click()
    page.fill("#id_path", str(music.parent))
    page.get_by_role("link", name="Choose a folder on the server").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="elsewhere").click()
    expect(dialog.get_by_role("heading")).to_have_text(str(music.parent / "elsewhere"))
    # what is behind the dialog must not shine through
    assert dialog.evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(255, 255, 255)"
    dialog.get_by_role("button", name="Use this folder").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="2 of 2 songs were found.")).to_be_visible()
    page.get_by_role("button", name="Relocate library").click()
    expect(page.get_by_text("a scan was queued")).to_be_visible()
    assert [done.state for done in run_queued()] == ["finished"]
    assert set(MediaFile.objects.present().values_list("pk", flat=True)) == ids
