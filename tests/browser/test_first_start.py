"""The first start of a server in the browser: the first admin, the music, and its scan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from libraries.models import Library, Scan
from tests.browser.conftest import Open, run_queued
from tests.browser.test_pages import serious
from tests.conftest import PASSWORD, Configure
from tests.support.scans import write_album
from users import setup_code
from users.models import User

pytestmark = pytest.mark.browser

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, configure: Configure) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    configure(data_folder=folder)


def create_admin(page: Page) -> None:
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()


def choose_folder(page: Page, home: str, music: Path) -> None:
    """By typing where it lies, and by clicking on it."""
    page.get_by_label("Or type its path").fill(str(music.parent))
    page.get_by_role("button", name="Open").click()
    page.get_by_role("link", name=music.name, exact=True).click()
    expect(page.get_by_text("3 audio files are below this folder.")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("Music")
    expect(page.get_by_label("Everybody on this server, new users too")).to_be_checked()
    page.get_by_role("button", name="Add this folder").click()


@pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_from_the_address_to_the_music(visit: Open, music: Path, window: dict[str, Any]) -> None:
    write_album(music / "Ann" / "First", 3)
    visitor = visit(**window)
    page = visitor.page
    faults: list[str] = []

    def look() -> None:
        assert visitor.fits(), page.url
        faults.extend(serious(visitor, []))

    visitor.go("/")
    expect(page.get_by_role("heading", name="Create your admin account")).to_be_visible()
    expect(page.get_by_label("Set-up code")).to_have_count(0)
    look()
    create_admin(page)
    expect(page.get_by_role("heading", name="Add your music")).to_be_visible()
    look()
    choose_folder(page, visitor.home, music)
    expect(page.get_by_role("heading", name="Waiting for a worker")).to_be_visible()
    look()
    scan = Scan.objects.get()
    Scan.objects.filter(pk=scan.pk).update(
        state="running", phase="reading", started_at=timezone.now(), files_total=4, seen=1, current_folder="Ann"
    )  # fmt: skip
    expect(page.locator("progress")).to_have_js_property("value", 25)
    expect(page.get_by_role("heading", name="Reading files")).to_be_visible()
    Scan.objects.filter(pk=scan.pk).update(state="queued", phase="", started_at=None, files_total=None, seen=0)
    assert [done.state for done in run_queued()] == ["finished"]
    expect(page.get_by_role("heading", name="Your music is here")).to_be_visible()
    expect(page.locator(".figures")).to_contain_text("3")
    look()
    page.get_by_role("link", name="Open the dashboard").click()
    expect(page.get_by_role("article", name="Music")).to_be_visible()
    assert (User.objects.get().is_superuser, Library.objects.get().default_new_users) == (True, True)
    assert faults == []


def test_with_the_code_and_without_javascript(visit: Open, music: Path) -> None:
    """From another machine, behind a proxy that nobody declared."""
    write_album(music, 3)
    code = setup_code.setup_code()
    visitor = visit(java_script_enabled=False, extra_http_headers={"X-Real-IP": "192.0.2.7"}, **PHONE)
    page = visitor.page
    visitor.go("/")
    page.get_by_label("Set-up code").fill("K7QF-9XTM-2HWC")
    create_admin(page)
    expect(page.get_by_text("This is not the set-up code.")).to_be_visible()
    assert visitor.fits()
    visitor.go(f"/setup?code={code}")
    expect(page.get_by_label("Set-up code")).to_have_value(code)
    create_admin(page)
    choose_folder(page, visitor.home, music)
    assert [scan.state for scan in run_queued()] == ["finished"]
    # the page comes again by itself
    expect(page.get_by_role("heading", name="Your music is here")).to_be_visible()
