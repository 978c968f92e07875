"""Every page at a browser: accessible, on a phone, by keyboard, and with tags that are meant to do harm."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from libraries.models import Album, Library, MediaFile, Scan
from missing import purges as missing_services
from missing.models import MissingFile, Purge
from synth import make_cover
from tests.browser.conftest import Open, Visitor
from tests.conftest import MakeUser
from tests.support.scans import scan, write_album, write_track
from tests.support.sharing import DAY, THOROUGH
from users.models import User

pytestmark = pytest.mark.browser

EVIL = "<script>document.title = 'broken in'</script><img src=x onerror=\"document.title='broken in'\">"
SITE = "/admin/libraries/"


@pytest.fixture
def catalog(db: None, music: Path, make_user: MakeUser) -> Library:
    """A library of which every page has something to show."""
    make_user("admin", is_superuser=True)
    make_user("anna", name="Anna")
    library = Library.objects.create(name="Rock", path=str(music))
    files = write_album(music / "First", 3, picture=make_cover(32, (200, 30, 30)))
    write_track(music / "evil.flac", EVIL, artists=(EVIL,), album=EVIL, album_artists=(EVIL,), comment="\u202e" + EVIL)
    long = "L" * 10_000
    write_track(music / "long.flac", long, artists=(long,), album=long, album_artists=("\u202eabc \u05d0\u05d1",))
    (music / "<img src=x onerror=alert(1)>.mp3").write_bytes(b"nonsense" * 100)
    scan(library)
    for path in files[:2]:
        path.unlink()
    scan(library)
    missing_services.purge_missing_files([MissingFile.objects.earliest("path").pk], requested_by="admin")
    Library.objects.create(name=EVIL, path="/somewhere", offline_since=timezone.now(), status_reason=EVIL)
    return library


def addresses(library: Library) -> list[str]:
    album = Album.objects.get(name="First")
    evil, long = MediaFile.objects.get(path="evil.flac"), MediaFile.objects.get(path="long.flac")
    return [
        "/admin/", f"{SITE}library/", f"{SITE}library/{library.pk}/change/", f"{SITE}library/add/",
        f"{SITE}library/{library.pk}/delete/", f"{SITE}library/browse/?path={library.path}", f"{SITE}scan/",
        f"{SITE}scan/{Scan.objects.latest('pk').pk}/change/", f"{SITE}scanproblem/", "/admin/missing/missingfile/",
        "/admin/missing/purge/", f"/admin/missing/purge/{Purge.objects.get().pk}/change/", "/admin/users/user/",
        "/admin/users/user/access/", "/admin/users/user/add/",
        f"/admin/users/user/{User.objects.get(username='anna').pk}/change/", f"{SITE}artist/",
        f"{SITE}artist/{album.artist_id}/change/", f"{SITE}album/", f"{SITE}album/{album.pk}/change/",
        f"{SITE}album/{evil.album_ref_id}/change/", f"{SITE}mediafile/", f"{SITE}mediafile/{evil.pk}/change/",
        f"{SITE}mediafile/{long.pk}/change/", "/admin/users/apikey/", "/admin/audit/auditentry/",
        "/admin/users/apikey/add/", f"{SITE}library/{library.pk}/relocate/",
        f"{SITE}library/{library.pk}/relocate/?path={Path(library.path).parent}&overlap=on",
        f"/admin/missing/missingfile/{MissingFile.objects.earliest('path').pk}/relink/",
    ]  # fmt: skip


def serious(visitor: Visitor, rules: list[str]) -> list[str]:
    """The serious faults that axe-core finds on the whole page; no `rules`: by all of them."""
    found = Axe().run(visitor.page, options={"runOnly": rules} if rules else None).response["violations"]
    return [
        f"{visitor.page.url}: {fault['id']} {node['html'][:150]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


# every page is looked at in one of the schemes, and in the other on the next day; in the dark only the colours differ
@pytest.mark.parametrize(("scheme", "rules"), [("light", []), ("dark", ["color-contrast", "link-in-text-block"])])
def test_no_serious_accessibility_fault(visit: Open, catalog: Library, scheme: str, rules: list[str]) -> None:
    visitor = visit("admin", color_scheme=scheme)
    faults = []
    pages = addresses(catalog)
    for address in pages if THOROUGH else pages[(DAY + (scheme == "light")) % 2 :: 2]:
        visitor.go(address)
        faults += serious(visitor, rules)
    assert faults == []


def test_pages_fit_on_a_phone_and_tags_do_no_harm(visit: Open, catalog: Library) -> None:
    visitor = visit("admin", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    for address in addresses(catalog):
        visitor.go(address)
        assert visitor.fits(), address
        assert visitor.page.title() != "broken in", address
        assert visitor.page.locator("img[src=x]").count() == 0, address


def test_the_menu_opens_on_a_phone(visit: Open, catalog: Library) -> None:
    visitor = visit("admin", viewport={"width": 390, "height": 844})
    menu = visitor.page.get_by_role("link", name="Missing files", exact=False).first
    expect(menu).not_to_be_visible()
    visitor.page.locator("[x-on\\:click*=sidebarMobileOpen]:visible").first.click()
    menu.click()
    visitor.page.wait_for_url("**/admin/missing/missingfile/")


def test_the_menu_without_javascript(visit: Open, catalog: Library) -> None:
    """On a phone, too, every page can be reached, and somebody can sign out."""
    visitor = visit("admin", viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = visitor.page
    menu = page.locator("details.nd-menu")
    expect(menu).to_be_visible()
    expect(page.locator("[x-on\\:click*=sidebarMobileOpen]").first).not_to_be_visible()
    menu.locator("summary").click()
    entries = menu.get_by_role("link")
    assert entries.count() > 12
    for entry in entries.all():
        expect(entry).to_be_visible()
    menu.get_by_role("link", name="Missing files").click()
    page.wait_for_url("**/admin/missing/missingfile/")
    expect(menu.locator("[aria-current=page]")).to_have_text("Missing files")
    menu.locator("summary").click()
    menu.get_by_role("button", name="Log out").click()
    visitor.go("/admin/")
    page.wait_for_url("**/login?**")


def test_the_menu_for_browsers_without_javascript_is_for_them_only(at_admin: Visitor) -> None:
    assert at_admin.page.locator(".nd-menu").count() == 0


def focus(visitor: Visitor, reached: Callable[[], bool], presses: int = 120) -> None:
    """Press Tab until the right thing has the focus, which must be visible."""
    for _ in range(presses):
        visitor.page.keyboard.press("Tab")
        if reached():
            return
    raise AssertionError("Tab never got there")


def test_by_keyboard_only(visit: Open, make_user: MakeUser, music: Path) -> None:
    (music / "inside").mkdir()
    make_user("admin", is_superuser=True)
    visitor = visit()
    page = visitor.page
    visitor.go("/admin/login/?next=/admin/")
    expect(page.locator("#id_username")).to_be_focused()
    page.keyboard.type("admin")
    page.keyboard.press("Tab")
    page.keyboard.type("correct horse battery")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{visitor.home}/admin/")

    def focused() -> str:
        return str(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))

    focus(visitor, lambda: focused() == "Add the first library")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/library/add/")
    focus(visitor, lambda: focused() == "id_name")
    page.keyboard.type("Music")
    focus(visitor, lambda: focused() == "id_path")
    page.keyboard.type(str(music))
    focus(visitor, lambda: focused() == "nd-pick")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("heading")).to_have_text(str(music))
    focus(visitor, lambda: focused() == "folderinside")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("heading")).to_have_text(f"{music}/inside")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    focus(visitor, lambda: focused() == "Save")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{visitor.home}/admin/")
    assert Library.objects.get().path == str(music)


def test_a_session_cannot_be_used_from_elsewhere(at_admin: Visitor) -> None:
    """Our own page may use the API with its session; a frame of it is refused."""
    status = at_admin.page.evaluate("fetch('/api/library').then(answer => answer.status)")
    assert status == 200
    blocked = at_admin.page.evaluate(
        "new Promise(done => { document.addEventListener('securitypolicyviolation', e => done(e.effectiveDirective));"
        " const s = document.createElement('script'); s.textContent = 'window.broken = 1'; document.body.append(s); })"
    )
    assert blocked == "script-src-elem"
    assert at_admin.page.evaluate("window.broken") is None
    at_admin.complaints.clear()  # the refusal itself is written to the console
