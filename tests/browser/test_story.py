"""The first day of an admin, at a browser."""

from __future__ import annotations

import json
import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from libraries.models import Library, MediaFile, Scan
from synth import make_cover
from tests.browser.conftest import Open, Visitor, run_queued
from tests.conftest import PASSWORD, MakeUser
from tests.support.scans import write_album
from users.models import User

pytestmark = pytest.mark.browser


def api(home: str, path: str, token: str = "", body: Any = None) -> Any:
    """Ask the API as a client does."""
    request = urllib.request.Request(home + path, json.dumps(body).encode() if body else None)  # noqa: S310
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return json.load(answer)


def test_the_first_day(at_admin: Visitor, music: Path) -> None:
    files = write_album(music / "Ann" / "First", 4, picture=make_cover(64, (30, 90, 200)))
    page = at_admin.page
    # add a library by the picker
    page.get_by_role("link", name="Add the first library").click()
    page.fill("#id_path", str(music.parent))
    page.get_by_role("link", name="Choose a folder on the server").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="music", exact=False).click()
    expect(dialog.get_by_role("heading")).to_have_text(str(music))
    dialog.get_by_role("button", name="Use this folder").click()
    expect(page.locator("#id_path")).to_have_value(str(music))
    expect(page.locator("#nd-path-state")).to_contain_text("The folder can be read")
    page.fill("#id_name", "My music")
    page.get_by_role("button", name="Save", exact=True).click()
    # watch the scan
    card = page.get_by_role("article", name="My music")
    expect(card).to_contain_text("Waiting for a worker")
    watch(at_admin)
    assert [scan.state for scan in run_queued()] == ["finished"]
    expect(card.get_by_role("button", name="Scan now")).to_be_visible()
    expect(card.locator("[data-nd=songs]")).to_have_text("4")
    # look at an album
    at_admin.go("/admin/libraries/artist/")
    page.get_by_role("link", name="Ann").click()
    page.get_by_role("link", name="First").click()
    expect(page.get_by_role("img", name="Front cover")).to_have_js_property("naturalWidth", 64)
    expect(page.get_by_role("cell", name="Song 3")).to_be_visible()
    give_access(at_admin)
    # lose a file, see it missing, purge it, undo
    files[0].unlink()
    at_admin.go("/admin/")
    card.get_by_role("button", name="Scan now").click()
    assert [scan.missing for scan in run_queued()] == [1]
    at_admin.go("/admin/")
    attention = page.get_by_role("region", name="Needs attention")
    expect(attention).to_contain_text("1 file in “My music” is missing")
    attention.get_by_role("link", name="Show files").click()
    purge_and_undo(at_admin)


def watch(visitor: Visitor) -> None:
    """A scan that runs shows how far it is, without loading the page again."""
    scan = Scan.objects.get()
    library = visitor.page.get_by_role("article", name="My music")
    Scan.objects.filter(pk=scan.pk).update(
        state="running", phase="reading", started_at=timezone.now(), files_total=4, seen=1, current_folder="Ann/<b>1st"
    )  # fmt: skip
    expect(library.locator("[data-nd=title]")).to_have_text("Reading files")
    expect(library.locator("[data-nd=folder]")).to_have_text("Ann/<b>1st")
    expect(library.locator("progress")).to_have_js_property("value", 25)
    Scan.objects.filter(pk=scan.pk).update(state="queued", phase="", started_at=None, files_total=None, seen=0)


def give_access(visitor: Visitor) -> None:
    """Make a user, give them the library on the access page, and ask the API as that user."""
    page = visitor.page
    visitor.go("/admin/users/user/add/")
    page.fill("#id_username", "anna")
    page.fill("#id_password1", PASSWORD)
    page.fill("#id_password2", PASSWORD)
    page.get_by_role("button", name="Save", exact=True).click()
    user = User.objects.get(username="anna")
    token = api(visitor.home, "/auth/login", body={"username": "anna", "password": PASSWORD})["token"]
    assert api(visitor.home, f"/api/user/{user.pk}", token)["libraries"] == []
    visitor.go("/admin/users/user/access/")
    page.get_by_role("checkbox", name="anna can access My music").check()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("checkbox", name="anna can access My music")).to_be_checked()
    (found,) = api(visitor.home, f"/api/user/{user.pk}", token)["libraries"]
    assert (found["name"], found["songCount"]) == ("My music", 4)


def purge_and_undo(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_text("1 album").click()
    page.get_by_role("button", name="Purge…").first.click()
    expect(page.get_by_role("heading", name=re.compile("Remove 1 missing file"))).to_be_visible()
    page.get_by_role("button", name="Purge", exact=True).click()
    expect(page.get_by_text("1 file was removed from the catalog")).to_be_visible()
    assert MediaFile.objects.in_catalog().count() == 3
    page.get_by_role("link", name="Show or undo").click()
    page.get_by_role("button", name="Undo: restore 1 file").click()
    expect(page.get_by_text("1 file was restored as missing.")).to_be_visible()
    assert MediaFile.objects.missing().count() == 1


def test_patterns_show_what_they_would_hide(at_admin: Visitor, music: Path) -> None:
    write_album(music / "Podcasts", 2)
    write_album(music / "Ann", 1)
    at_admin.go(f"/admin/libraries/library/add/?path={music}")
    page = at_admin.page
    page.fill("#id_patterns", "/Podcasts/")
    page.get_by_role("button", name="Preview excluded files").click()
    expect(page.locator("#nd-preview-result")).to_contain_text("2 audio files would be excluded, 1 would remain.")
    expect(page.locator("#id_patterns")).to_have_value("/Podcasts/")
    assert not Library.objects.exists()


def test_a_held_scan_needs_approval(at_admin: Visitor, music: Path) -> None:
    library = Library.objects.create(name="Rock", path=str(music))
    files = write_album(music, 30)
    page = at_admin.page
    at_admin.go("/admin/")
    page.get_by_role("button", name="Scan now").click()
    run_queued()
    for path in files[:25]:
        path.unlink()
    at_admin.go(f"/admin/libraries/library/{library.pk}/change/")
    page.get_by_role("button", name="Scan now").click()
    assert [scan.state for scan in run_queued()] == ["held"]
    at_admin.go("/admin/")
    page.get_by_role("link", name="Review").click()
    expect(page.get_by_role("heading", name="This scan would mark 25 files as missing.")).to_be_visible()
    page.get_by_role("button", name="Approve: mark as missing").click()
    expect(page.get_by_text("Approved. A queued scan marks the files that are still gone as missing.")).to_be_visible()
    assert [scan.state for scan in run_queued()] == ["finished"]
    assert MediaFile.objects.missing().count() == 25


def test_an_offline_library_says_why(at_admin: Visitor, music: Path) -> None:
    Library.objects.create(name="Rock", path=str(music))
    write_album(music, 2)
    page = at_admin.page
    at_admin.go("/admin/")
    page.get_by_role("button", name="Scan now").click()
    run_queued()
    music.rename(music.parent / "unmounted")
    at_admin.go("/admin/")
    page.get_by_role("button", name="Scan now").click()
    assert [scan.state for scan in run_queued()] == ["offline"]
    at_admin.go("/admin/")
    expect(page.get_by_role("region", name="Needs attention")).to_contain_text("“Rock” is offline")
    expect(page.get_by_role("article", name="Rock")).to_contain_text("does not exist; is its storage mounted?")
    assert MediaFile.objects.present().count() == 2
    (music.parent / "unmounted").rename(music)
    page.get_by_role("button", name="Scan again").click()
    run_queued()
    at_admin.go("/admin/")
    expect(page.get_by_role("region", name="Needs attention")).to_have_count(0)


def test_removing_a_library_needs_its_name(at_admin: Visitor, music: Path) -> None:
    Library.objects.create(name="Rock", path=str(music))
    at_admin.go("/admin/")
    page = at_admin.page
    page.get_by_role("link", name="Rock").click()
    page.get_by_role("link", name="Delete library").click()
    page.get_by_label("Type the name Rock to confirm.").fill("Rock")
    page.get_by_role("button", name="Remove library").click()
    page.wait_for_url("**/admin/libraries/library/")
    assert not Library.objects.active().exists()


def test_it_works_without_javascript(visit: Open, make_user: MakeUser, music: Path) -> None:
    (music / "inside").mkdir()
    make_user("admin", is_superuser=True)
    visitor = visit("admin", java_script_enabled=False)
    page = visitor.page
    page.get_by_role("link", name="Add the first library").click()
    page.get_by_role("link", name="Choose a folder on the server").click()
    visitor.go(f"/admin/libraries/library/browse/?path={music.parent}")
    page.get_by_role("link", name="music", exact=True).click()
    page.get_by_role("link", name="Use this folder").click()
    expect(page.locator("#id_path")).to_have_value(str(music))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("article", name="Music")).to_contain_text("Waiting for a worker")
    run_queued()
    visitor.go("/admin/")
    page.get_by_role("button", name="Scan now").click()
    assert Scan.objects.queued().count() == 1
