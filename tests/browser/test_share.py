"""The page of a share at a browser of a person without an account: it plays real music."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from libraries.models import Album, Library, MediaFile
from listening.models import Share
from listening.services.shares import create_share
from synth import Tone, make_cover
from tests.browser.conftest import Open
from tests.browser.test_first_start import DESKTOP
from tests.browser.test_pages import serious
from tests.conftest import Configure, MakeUser
from tests.support.scans import scan, write_track

pytestmark = pytest.mark.browser

NARROW: dict[str, Any] = {"viewport": {"width": 375, "height": 812}, "has_touch": True, "is_mobile": True}
# where to leave pictures of what is tested, for people to look at
PICTURES = os.environ.get("TEST_PICTURES")
SECONDS = 6.0


@pytest.fixture
def shared(music: Path, make_user: MakeUser, configure: Configure) -> Share:
    """An album of three songs, shared by an admin."""
    configure(enable_sharing=True)
    admin = make_user("admin", is_superuser=True)
    library = Library.objects.create(name="Rock", path=str(music))
    for number, title in enumerate(
        ("Morning by the Sea", "A Song with a Name that Takes More than One Line", "Last"), 1
    ):
        write_track(
            music / "Tide" / f"{number}.flac", title, artists=("The Anchors",), album="Tide Tables",
            album_artists=("The Anchors",), track_number=number, tone=Tone(seconds=SECONDS),
            picture=make_cover(300, (20, 90, 140)),
        )  # fmt: skip
    scan(library)
    album = str(Album.objects.get().pk)
    return create_share(admin.as_viewer(), [album], None, {"downloadable": True})


def heard(page: Page) -> float:
    """How many seconds of the song have been played."""
    return float(page.evaluate("document.querySelector('audio').currentTime"))


def plays_beyond(page: Page, seconds: float) -> None:
    """Wait until a song is played further than that."""
    for _ in range(150):
        if heard(page) > seconds:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"it is at {heard(page)} s, and not beyond {seconds} s")


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES, f"{name}.png"))


@pytest.mark.parametrize("window", [DESKTOP, NARROW], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_guest_listens(visit: Open, shared: Share, window: dict[str, Any], scheme: str) -> None:
    visitor = visit(color_scheme=scheme, **window)
    page, faults = visitor.page, list[str]()
    visitor.go(f"/share/{shared.pk}")
    expect(page.get_by_role("heading", name="Tide Tables")).to_be_visible()
    expect(page.get_by_role("list", name="Songs").get_by_role("listitem")).to_have_count(3)
    name = f"share-{scheme}-{window['viewport']['width']}"
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.querySelector('.cover').naturalWidth") > 0
    picture(page, f"{name}-before")
    faults += serious(visitor, [])
    page.get_by_role("button", name="Play", exact=True).first.click()
    player = page.get_by_role("region", name="Player")
    expect(player.get_by_role("button", name="Pause")).to_be_visible()
    expect(player).to_contain_text("Morning by the Sea")
    plays_beyond(page, 0.5)
    picture(page, f"{name}-playing")
    assert visitor.fits()
    faults += serious(visitor, [])
    player.get_by_role("button", name="Pause").click()
    stopped = heard(page)
    page.wait_for_timeout(300)
    assert heard(page) == stopped
    player.get_by_role("button", name="Next song").click()
    expect(page.locator("a.song[aria-current=true]")).to_contain_text("A Song with a Name")
    plays_beyond(page, 0)
    seek = player.get_by_label("Position in the song")
    seek.fill("5")
    # its end begins the next one
    expect(page.locator("a.song[aria-current=true]")).to_contain_text("Last")
    expect(player.get_by_role("button", name="Next song")).to_be_disabled()
    assert faults == []
    assert Share.objects.get().visit_count == 1


def test_the_page_says_why_a_song_is_not_heard(visit: Open, shared: Share, music: Path) -> None:
    visitor = visit()
    visitor.go(f"/share/{shared.pk}")
    (music / "Tide" / "1.flac").unlink()
    visitor.complaints_allowed = ("status of 503",)
    visitor.page.get_by_role("link", name="Morning by the Sea The Anchors").click()
    expect(visitor.page.get_by_role("alert")).to_contain_text("its storage may be switched off")
    visitor.page.get_by_role("link", name="Last The Anchors").click()
    expect(visitor.page.get_by_role("alert")).to_have_count(0)
    plays_beyond(visitor.page, 0.2)


def test_without_javascript_each_song_is_a_link(visit: Open, shared: Share) -> None:
    visitor = visit(java_script_enabled=False, **NARROW)
    visitor.go(f"/share/{shared.pk}")
    expect(visitor.page.get_by_text("Open a song to listen to it.")).to_be_visible()
    expect(visitor.page.get_by_role("button")).to_have_count(0)
    link = visitor.page.get_by_role("link", name="Morning by the Sea The Anchors")
    assert MediaFile.objects.get(title__startswith="Morning").pk in str(link.get_attribute("href"))


def test_what_is_not_shared_any_more(visit: Open, shared: Share) -> None:
    visitor = visit(**NARROW)
    Share.objects.all().delete()
    visitor.go(f"/share/{shared.pk}")
    expect(visitor.page.get_by_role("heading", name="Nothing is shared here")).to_be_visible()
    picture(visitor.page, "share-gone")
    assert serious(visitor, []) == []
