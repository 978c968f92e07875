"""What a client does that lets people choose among their libraries, by a program in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from libraries.models import Library
from synth import Tone
from tests.browser.conftest import Open
from tests.conftest import PASSWORD, MakeUser
from tests.support.scans import scan, write_track
from users.models import LibraryAccess

pytestmark = pytest.mark.browser

CLIENT = Path(__file__).with_name("client.html")


def make_library(folder: Path, name: str) -> Library:
    """A library with one album, which is named after it."""
    write_track(folder / name / "1.flac", f"{name} song", album=f"{name} album", tone=Tone(seconds=3.0))
    library = Library.objects.create(name=name, path=str(folder / name))
    scan(library)
    return library


def lists(page: Page, *names: str) -> None:
    """Check that exactly the albums and songs of these libraries are shown."""
    for kind in ("album", "song"):
        shown = page.get_by_role("list", name=f"{kind.title()}s").get_by_role("listitem")
        expect(shown).to_have_text([f"{name} {kind}" for name in names])


def test_a_client_signs_in_lets_choose_libraries_filters_by_them_and_plays(
    visit: Open, music: Path, make_user: MakeUser
) -> None:
    jazz, rock, _ = (make_library(music, name) for name in ("Jazz", "Rock", "Secret"))
    ann = make_user("ann")
    LibraryAccess.objects.bulk_create(LibraryAccess(user=ann, library=library) for library in (jazz, rock))
    visitor = visit()
    page = visitor.page
    page.route("**/client.html", lambda route: route.fulfill(path=CLIENT))
    visitor.go("/client.html")
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    choices = page.get_by_role("group", name="Libraries").get_by_role("checkbox")
    expect(choices).to_have_count(2)
    page.get_by_label("Rock").check()
    lists(page, "Rock")
    page.get_by_label("Jazz").check()
    lists(page, "Jazz", "Rock")
    page.get_by_label("Rock").uncheck()
    lists(page, "Jazz")
    page.get_by_role("button", name="Jazz song").click()
    page.wait_for_function("document.querySelector('audio').currentTime > 0.5")
