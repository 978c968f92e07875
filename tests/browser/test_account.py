"""Signing in and the account page at a browser."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from playwright.sync_api import expect
from pytest_django.fixtures import Settings

from libraries.models import Library
from tests.browser.conftest import Open
from tests.browser.test_first_start import DESKTOP, PHONE
from tests.browser.test_pages import serious
from tests.conftest import PASSWORD, Configure
from tests.support.listening_service import listening_service, says
from tests.support.sharing import DAY, THOROUGH
from users import app_passwords
from users.models import ApiKey, User

pytestmark = pytest.mark.browser


# each window and each scheme once a day, and each of one with each of the other in two
@pytest.mark.parametrize(
    ("window", "scheme"),
    [
        pytest.param(window, scheme, id=f"{name}-{scheme}")
        for number, (name, window) in enumerate({"desktop": DESKTOP, "phone": PHONE}.items())
        for place, scheme in enumerate(("light", "dark"))
        if THOROUGH or (number + place + DAY) % 2
    ],
)
def test_a_person_gets_in_and_connects_an_app(
    visit: Open, member: User, library: Library, window: dict[str, Any], scheme: str
) -> None:
    visitor = visit(color_scheme=scheme, permissions=["clipboard-read", "clipboard-write"], **window)
    page, faults = visitor.page, list[str]()

    def look() -> None:
        assert visitor.fits(), page.url
        faults.extend(serious(visitor, []))

    visitor.go("/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.fill("#id_username", "member")
    page.fill("#id_password", "wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_text("User name or password is wrong.")).to_be_visible()
    look()
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")
    expect(page.get_by_role("region", name="My libraries")).to_contain_text("Rock")
    look()
    page.get_by_role("button", name="Show my app password").click()
    secret = app_passwords.app_password(User.objects.get(pk=member.pk))
    expect(page.get_by_label("App password", exact=True)).to_have_value(secret)
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    page.get_by_role("button", name="Copy App password").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    look()
    page.get_by_text("New API key").click()
    page.get_by_label("What is it for?").fill("Robot")
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_text("Copy this key now. It cannot be shown again.")).to_be_visible()
    look()
    page.get_by_role("button", name="End the key Robot").click()
    expect(page.get_by_text("The key “Robot” has ended.")).to_be_visible()
    assert not ApiKey.objects.exists()
    page.get_by_role("button", name="Sign out everywhere").click()
    expect(page.get_by_text("You are signed out everywhere.")).to_be_visible()
    look()
    assert faults == []


def test_without_javascript(visit: Open, member: User) -> None:
    visitor = visit(java_script_enabled=False, **PHONE)
    page = visitor.page
    visitor.go("/login?next=/admin/")
    page.fill("#id_username", "member")
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/account")
    page.get_by_role("button", name="Show my app password").click()
    expect(page.get_by_label("App password", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    visitor.go("/account")
    page.get_by_label("Name", exact=True).fill("Mem")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your changes were saved.")).to_be_visible()
    assert User.objects.get(pk=member.pk).name == "Mem"
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/login")


def test_a_person_links_services(
    visit: Open, member: User, library: Library, configure: Configure, settings: Settings
) -> None:
    """Also without JavaScript; the page on which Last.fm asks is opened by the person."""
    with listening_service(says(200, {"valid": True, "user_name": "mem", "token": "t"})) as service:
        conf = settings.CONF
        brainz = dataclasses.replace(conf.listenbrainz, enabled=True, base_url=f"{service.url}/1")
        lastfm = dataclasses.replace(conf.lastfm, enabled=True, api_key="k", secret="s", base_url=f"{service.url}/2.0")
        configure(listenbrainz=brainz, lastfm=lastfm)
        visitor = visit(java_script_enabled=False, **PHONE)
        page = visitor.page
        visitor.go("/login")
        page.fill("#id_username", "member")
        page.fill("#id_password", PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("User token").fill("a-token")
        page.get_by_role("button", name="Link ListenBrainz").click()
        expect(page.get_by_text("Your plays are sent on to ListenBrainz from now on.")).to_be_visible()
        page.get_by_text("Libraries that ListenBrainz does not hear of").click()
        page.get_by_label("Rock").last.check()
        page.get_by_role("region", name="Send my plays on").get_by_role("button", name="Save").click()
        expect(page.get_by_text("Your changes were saved.")).to_be_visible()
        page.get_by_role("button", name="Link Last.fm").click()
        asked = page.get_by_role("link", name="Allow it at Last.fm")
        expect(asked).to_have_attribute("href", f"{conf.lastfm.auth_url}/?api_key=k&token=t")
        expect(page.get_by_role("button", name="I have allowed it")).to_be_visible()
        assert visitor.fits()
        page.get_by_role("button", name="End the link to ListenBrainz").click()
        expect(page.get_by_text("No more plays are sent on to ListenBrainz.")).to_be_visible()
    wide = visit(color_scheme="dark")
    wide.go("/login")
    wide.page.fill("#id_username", "member")
    wide.page.fill("#id_password", PASSWORD)
    wide.page.keyboard.press("Enter")
    expect(wide.page.get_by_role("heading", name="Last.fm")).to_be_visible()
    assert serious(wide, []) == []
