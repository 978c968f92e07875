"""`/account`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from libraries.models import Library
from navidrome_lib.audit.models import SignIn
from tests.conftest import PASSWORD
from users import api_keys, app_passwords, tokens
from users.models import ApiKey, User
from users.signed_in_places import places_of

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
NEW = "some other long one"


@pytest.fixture
def browser(member: User) -> Client:
    client = Client()
    client.force_login(member)
    return client


def text(answer: Any) -> str:
    found: str = answer.content.decode()
    return found


def test_shows_only_what_is_ones_own(browser: Client, library: Library, other_library: Library, admin: User) -> None:
    Library.objects.filter(pk=library.pk).update(total_songs=12345, total_albums=1)
    api_keys.create_key(admin, name="Key of the admin", scope="read")
    answer = browser.get("/account")
    page = text(answer)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")
    assert ("Rock" in page, "12,345 songs" in page, "1 album" in page) == (True, True, True)
    assert ("Jazz" in page, "Key of the admin" in page, library.path in page) == (False, False, False)
    assert ("Admin site" in page, "staff" in page.lower()) == (False, False)


def test_who_has_no_library_reads_what_to_do(outsider: User) -> None:
    client = Client()
    client.force_login(outsider)
    assert "You have no library yet. Ask the admin of this server." in text(client.get("/account"))


def test_admins_have_the_same_page(site: Client) -> None:
    page = text(site.get("/account"))
    assert ("Connect an app" in page, "Admin site" in page) == (True, True)


PARTS = ["profile", "password", "app-password", "keys", "keys/abc/end", "sign-out-everywhere"]


@pytest.mark.parametrize("part", ["", *(f"/{part}" for part in PARTS)])
def test_is_for_who_is_signed_in(member: User, part: str) -> None:
    for method in ("get", "post"):
        answer = getattr(Client(), method)(f"/account{part}")
        assert answer["Location"] == f"/login?next=/account{part}"
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member)
    assert not part or strict.post(f"/account{part}").status_code == 403


@pytest.mark.parametrize("part", PARTS)
def test_the_address_of_a_form_leads_to_the_page(browser: Client, part: str) -> None:
    assert browser.get(f"/account/{part}")["Location"] == "/account"


def test_name_and_email(browser: Client, member: User) -> None:
    browser.post("/account/profile", {"name": "Mem", "email": "mem@example.org", "is_superuser": "on"})
    member.refresh_from_db()
    assert (member.name, member.email, member.is_superuser) == ("Mem", "mem@example.org", False)
    answer = browser.post("/account/profile", {"name": "Other", "email": "nonsense"})
    assert "valid email" in text(answer)
    member.refresh_from_db()
    assert member.name == "Mem"


class TestPassword:
    """A new password."""

    def change(self, browser: Client, old: str = PASSWORD, new: str = NEW, again: str = NEW) -> Any:
        body = {"old_password": old, "new_password1": new, "new_password2": again}
        return browser.post("/account/password", body)

    def test_ends_all_but_this_browser(self, browser: Client, member: User) -> None:
        other, token = Client(), tokens.issue(member)
        other.force_login(member)
        assert self.change(browser)["Location"] == "/account"
        member.refresh_from_db()
        assert (member.check_password(NEW), tokens.verify(token)) == (True, None)
        assert "Your password was changed." in text(browser.get("/account"))
        assert other.get("/account").status_code == 302

    @pytest.mark.parametrize("body", [{"old": "wrong"}, {"again": "different one"}, {"new": "short", "again": "short"}])
    def test_what_is_wrong_changes_nothing(self, browser: Client, member: User, body: dict[str, str]) -> None:
        assert 'class="error"' in text(self.change(browser, **body))
        member.refresh_from_db()
        assert member.check_password(PASSWORD)

    def test_guesses_of_the_current_one_are_slowed_down(self, browser: Client) -> None:
        assert [self.change(browser, old="guess").status_code for _ in range(6)] == [200] * 5 + [429]


class TestAppPassword:
    """What a music app signs in with."""

    def test_is_shown_when_asked_for_and_noted(self, browser: Client, member: User) -> None:
        secret = app_passwords.app_password(member)
        assert secret not in text(browser.get("/account"))
        answer = browser.post("/account/app-password", HTTP_HOST="192.0.2.1:4533")
        page = text(answer)
        assert (secret in page, 'value="http://192.0.2.1:4533"' in page, "<svg" in page) == (True, True, True)
        assert answer["Cache-Control"] == "private, no-store"
        assert "only works on the server itself" not in page
        assert secret not in text(browser.get("/account"))
        assert SignIn.objects.filter(outcome="shown", user_id=member.pk, credential="app password").count() == 1

    def test_on_the_server_itself_it_says_that_phones_need_another_address(self, browser: Client) -> None:
        page = text(browser.post("/account/app-password", HTTP_HOST="localhost:4533"))
        assert "only works on the server itself" in page

    def test_a_new_one_ends_the_old_one(self, browser: Client, member: User) -> None:
        secret = app_passwords.app_password(member)
        page = text(browser.post("/account/app-password", {"renew": "1"}))
        member.refresh_from_db()
        fresh = app_passwords.read_secret(member)
        assert fresh is not None
        assert (fresh in page, secret in page) == (True, False)


class TestKeys:
    """API keys of one's own."""

    def test_one_is_shown_once_and_ends(self, browser: Client, member: User, library: Library) -> None:
        day = (timezone.now() + timedelta(days=3)).date().isoformat()
        body = {"key-name": "Robot", "key-scope": "scan", "key-last_day": day, "key-libraries": [library.pk]}
        page = text(browser.post("/account/keys", body))
        key = ApiKey.objects.get()
        shown = page.partition(f'value="{key.hint}')[2].partition('"')[0]
        assert api_keys.find_key(key.hint + shown) == key
        assert (key.user, key.scope, key.restricted, list(key.libraries.all())) == (member, "scan", True, [library])
        listed = text(browser.get("/account"))
        assert (shown in listed, "Robot" in listed, "last used" in listed, "expires" in listed) == (
            False, True, True, True,
        )  # fmt: skip
        browser.post(f"/account/keys/{key.pk}/end")
        assert not ApiKey.objects.exists()

    def test_without_a_choice_it_is_for_all(self, browser: Client) -> None:
        browser.post("/account/keys", {"key-name": "Robot", "key-scope": "read"})
        assert not ApiKey.objects.get().restricted

    @pytest.mark.parametrize("change", [{"key-name": ""}, {"key-scope": "all"}, {"key-last_day": "2020-01-01"}])
    def test_what_is_wrong_makes_none(self, browser: Client, change: dict[str, str]) -> None:
        body = {"key-name": "Robot", "key-scope": "read", **change}
        assert 'class="error"' in text(browser.post("/account/keys", body))
        assert not ApiKey.objects.exists()

    def test_a_library_of_others_cannot_be_chosen(self, browser: Client, other_library: Library) -> None:
        body = {"key-name": "Robot", "key-scope": "read", "key-libraries": [other_library.pk]}
        assert "not one of the available choices" in text(browser.post("/account/keys", body))
        assert not ApiKey.objects.exists()

    def test_a_key_of_others_does_not_end(self, browser: Client, admin: User) -> None:
        key, _ = api_keys.create_key(admin, name="k", scope="read")
        browser.post(f"/account/keys/{key.pk}/end")
        assert ApiKey.objects.filter(pk=key.pk).exists()


class TestPlaces:
    """Where the account is signed in."""

    def test_are_those_since_all_were_ended(self, member: User, browser: Client) -> None:
        for address in ("192.0.2.1", "192.0.2.2"):
            body = {"username": "member", "password": PASSWORD}
            assert Client().post("/login", body, REMOTE_ADDR=address).status_code == 302
        assert {place.address for place in places_of(member)} >= {"192.0.2.1", "192.0.2.2"}
        assert "192.0.2.2" in text(browser.get("/account"))
        TestPassword().change(browser)
        assert places_of(member) == []

    def test_are_not_older_than_a_sign_in_can_be(self, member: User) -> None:
        for days in (89, 91):
            row = SignIn.objects.create(
                outcome="signed_in", channel="api", address=f"192.0.2.{days}", user_id=member.pk
            )
            SignIn.objects.filter(pk=row.pk).update(at=timezone.now() - timedelta(days=days))
        assert [place.address for place in places_of(member)] == ["192.0.2.89"]

    @pytest.mark.parametrize("keys", [True, False])
    def test_all_end_with_one_button(self, member: User, browser: Client, keys: bool) -> None:
        api_keys.create_key(member, name="k", scope="read")
        other, token = Client(), tokens.issue(member)
        other.force_login(member)
        answer = browser.post("/account/sign-out-everywhere", {"keys": "on"} if keys else {}, follow=True)
        assert answer.redirect_chain == [("/login", 302)]
        assert "You are signed out everywhere." in text(answer)
        assert [client.get("/account").status_code for client in (browser, other)] == [302, 302]
        assert (tokens.verify(token), ApiKey.objects.exists()) == (None, not keys)


@pytest.mark.parametrize("number", ["9" * 21, "-1", "x", "1\0"])
def test_a_key_for_a_library_that_no_database_could_hold_is_refused_at_the_form(
    browser: Client, member: User, library: Library, number: str
) -> None:
    fields = {"key-name": "Phone", "key-scope": "read", "key-libraries": [str(library.pk), number]}
    assert "is not one of the available choices" in text(browser.post("/account/keys", fields))
    assert not member.api_keys.exists()
