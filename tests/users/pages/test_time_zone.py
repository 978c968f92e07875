"""The time zone of a person, in which their pages show times."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone

from libraries.choices import ScanTrigger
from libraries.models import Library, Scan
from users import api_keys
from users.models import Scope, User
from users.time_zones import zone_names

pytestmark = pytest.mark.alike

NOON = datetime(2090, 1, 2, 12, 30, tzinfo=UTC)


@pytest.fixture
def browser(admin: User) -> Client:
    """A browser of an admin who has an API key that ends at noon."""
    api_keys.create_key(admin, name="player", scope=Scope.READ, expires_at=NOON)
    browser = Client()
    browser.force_login(admin)
    return browser


def choose(browser: Client, zone: str) -> str:
    """Choose a zone on the account page; the text of the page that follows."""
    body = {"name": "Ann", "email": "", "time_zone": zone}
    return browser.post("/account/profile", body, follow=True).content.decode()


def test_is_utc_unless_one_is_chosen(browser: Client) -> None:
    text = browser.get("/account").content.decode()
    assert "expires 2090-01-02 12:30 UTC" in text
    assert "times are in UTC." in text


def test_the_account_page_goes_by_it(browser: Client, admin: User) -> None:
    text = choose(browser, "Europe/Berlin")
    assert "expires 2090-01-02 13:30 CET" in text
    assert "times are in Europe/Berlin." in text
    assert '<option value="Europe/Berlin" selected>Europe/Berlin</option>' in text
    assert "expires 2090-01-02 12:30 UTC" in choose(browser, "")


def test_the_admin_site_goes_by_it_and_the_api_does_not(browser: Client, admin: User, library: Library) -> None:
    scan = Scan.objects.create(library=library, trigger=ScanTrigger.API)
    Scan.objects.update(requested_at=NOON)
    choose(browser, "Asia/Tokyo")
    assert "2090-01-02 21:30:00 JST" in browser.get(f"/admin/libraries/scan/{scan.pk}/change/").content.decode()
    assert browser.get(f"/api/scan/{scan.pk}").json()["requested"] == "2090-01-02T12:30:00.000Z"
    assert timezone.get_current_timezone_name() == "UTC"


def test_what_is_no_zone_is_refused(browser: Client, admin: User) -> None:
    assert "Select a valid choice" in choose(browser, "Europe/Atlantis")
    admin.refresh_from_db()
    assert admin.time_zone == ""


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "../../etc/passwd", "/etc/localtime"])
def test_one_that_this_machine_does_not_know_is_utc(browser: Client, zone: str) -> None:
    User.objects.update(time_zone=zone)
    assert "expires 2090-01-02 12:30 UTC" in browser.get("/account").content.decode()


def test_all_usual_zones_can_be_chosen() -> None:
    assert {"Europe/Berlin", "America/Argentina/Ushuaia", "Asia/Kolkata", "Pacific/Auckland"} <= {*zone_names()}
