"""What ends an account's tokens, sessions, app password and API keys; what was ended stays so."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from navidrome_lib.audit.models import AuditEntry
from navidrome_lib.errors import NotFound
from tests.conftest import PASSWORD, MakeUser
from users import api_keys, app_passwords, services, tokens
from users.models import ApiKey, User

pytestmark = pytest.mark.alike
NEW = "another battery staple"


def is_open(path: str, **headers: str) -> bool:
    return APIClient().get(path, **headers).status_code == 200  # type: ignore[arg-type]


def subsonic(**query: str) -> bool:
    answer = Client().get("/rest/ping", {"v": "1.16.1", "c": "test", "f": "json", **query})
    return bool(answer.json()["subsonic-response"]["status"] == "ok")


@dataclass
class Held:
    """All that one account has been given by signing in, and an API key."""

    user: User
    token: str
    salt: str
    proof: str
    app_password: str
    session: Client
    key: str

    @classmethod
    def of(cls, user: User) -> Held:
        body = APIClient().post("/auth/login", {"username": user.username, "password": PASSWORD}).json()
        session = Client()
        session.force_login(User.objects.get(pk=user.pk))
        user.refresh_from_db()
        _, key = api_keys.create_key(user, name="script", scope="manage")
        secret = app_passwords.app_password(user)
        held = cls(user, body["token"], body["subsonicSalt"], body["subsonicToken"], secret, session, key)
        assert held.open() == {"token", "session", "pair", "app password", "key"}
        return held

    def open(self) -> set[str]:
        """Which of them are accepted now."""
        path, name = f"/api/user/{self.user.pk}", self.user.username
        found = {
            "token": is_open(path, HTTP_AUTHORIZATION=f"Bearer {self.token}"),
            "session": self.session.get(path).status_code == 200,
            "pair": subsonic(u=name, t=self.proof, s=self.salt),
            "app password": subsonic(u=name, p=self.app_password),
            "key": is_open(path, HTTP_AUTHORIZATION=f"Bearer {self.key}"),
        }
        return {what for what, accepted in found.items() if accepted}


@pytest.fixture
def other(make_user: MakeUser) -> User:
    """A second admin, who can be demoted."""
    return make_user("other", is_superuser=True)


def change_own(held: Held, site: Client) -> None:
    body = {"password": NEW, "currentPassword": PASSWORD}
    url = f"/api/user/{held.user.pk}"
    assert APIClient().put(url, body, HTTP_AUTHORIZATION=f"Bearer {held.token}").status_code == 200


def reset_by_api(held: Held, site: Client, **more: Any) -> None:
    body = {"password": NEW, **more}
    headers = {"HTTP_ORIGIN": "http://testserver"}
    assert site.put(f"/api/user/{held.user.pk}", body, "application/json", **headers).status_code == 200  # type: ignore[arg-type]


def reset_and_keep_keys(held: Held, site: Client) -> None:
    reset_by_api(held, site, endKeys=False)


def reset_by_page(held: Held, site: Client) -> None:
    body = {"password1": NEW, "password2": NEW, "usable_password": "true", "end_keys": "on"}
    assert site.post(f"/admin/users/user/{held.user.pk}/password/", body).status_code == 302


def reset_by_page_and_keep_keys(held: Held, site: Client) -> None:
    body = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    assert site.post(f"/admin/users/user/{held.user.pk}/password/", body).status_code == 302


def deactivate(held: Held, site: Client) -> None:
    services.update_user(held.user.pk, {"is_active": False})


def demote(held: Held, site: Client) -> None:
    services.update_user(held.user.pk, {"is_superuser": False})


def demote_by_page(held: Held, site: Client) -> None:
    rows = {f"library_access-{key}_FORMS": 0 for key in ("TOTAL", "INITIAL")}
    body = {"username": held.user.username, "is_active": "on", **rows}
    assert site.post(f"/admin/users/user/{held.user.pk}/change/", body).status_code == 302


def sign_out(held: Held, site: Client) -> None:
    answer = APIClient().post(f"/api/user/{held.user.pk}/signout", HTTP_AUTHORIZATION=f"Bearer {held.token}")
    assert (answer.status_code, answer.json()) == (200, {"id": held.user.pk, "endedKeys": 0})
    assert "x-nd-authorization" not in answer


def sign_out_with_keys(held: Held, site: Client) -> None:
    url, headers = f"/api/user/{held.user.pk}/signout", {"HTTP_AUTHORIZATION": f"Bearer {held.token}"}
    assert APIClient().post(url, {"endKeys": True}, **headers).json()["endedKeys"] == 1  # type: ignore[arg-type]


def sign_out_by_admin(held: Held, site: Client) -> None:
    url = f"/api/user/{held.user.pk}/signout"
    answer = site.post(url, content_type="application/json", HTTP_ORIGIN="http://testserver")
    assert answer.json() == {"id": held.user.pk, "endedKeys": 1}


def sign_out_by_page(held: Held, site: Client) -> None:
    body = {"action": "sign_out", "_selected_action": [held.user.pk]}
    assert "signed out everywhere" in site.post("/admin/users/user/", body, follow=True).content.decode()


def sign_out_by_page_with_keys(held: Held, site: Client) -> None:
    body = {"action": "sign_out_and_end_keys", "_selected_action": [held.user.pk]}
    assert site.post("/admin/users/user/", body).status_code == 302


def sign_out_by_command(held: Held, site: Client) -> None:
    call_command("signout", held.user.username.upper(), stdout=io.StringIO())


def sign_all_out_by_command(held: Held, site: Client) -> None:
    call_command("signout", "--all", "--keys", stdout=io.StringIO())


Way = Callable[[Held, Client], None]
KEYS_STAY: list[Way] = [
    change_own, reset_and_keep_keys, reset_by_page_and_keep_keys, demote, sign_out, sign_out_by_page,
    sign_out_by_command,
]  # fmt: skip
KEYS_END: list[Way] = [
    reset_by_api, reset_by_page, deactivate, demote_by_page, sign_out_with_keys, sign_out_by_admin,
    sign_out_by_page_with_keys, sign_all_out_by_command,
]  # fmt: skip


@pytest.mark.parametrize("way", KEYS_STAY)
def test_ends_all_but_keys(other: User, site: Client, way: Way) -> None:
    held = Held.of(other)
    way(held, site)
    assert held.open() == {"key"}


@pytest.mark.parametrize("way", KEYS_END)
def test_ends_all_and_keys(other: User, site: Client, way: Way) -> None:
    held = Held.of(other)
    way(held, site)
    assert held.open() == set()
    assert not ApiKey.objects.exists()
    assert AuditEntry.objects.filter(action="key.revoke", object_name="script").count() == 1


def test_activating_again_revives_nothing(admin: User, other: User) -> None:
    held = Held.of(other)
    services.update_user(other.pk, {"is_active": False})
    services.update_user(other.pk, {"is_active": True})
    assert held.open() == set()
    other.refresh_from_db()
    assert app_passwords.app_password(other) != held.app_password
    assert subsonic(u="other", p=PASSWORD)


def test_other_changes_end_nothing(other: User, site: Client) -> None:
    held = Held.of(other)
    everything = held.open()
    services.update_user(other.pk, {"name": "New", "email": "new@example.org", "may_scan": True, "is_active": True})
    user = User.objects.get(pk=other.pk)
    user.name = "Newer"
    user.save()
    assert held.open() == everything


def test_a_renewed_hash_of_the_same_password_ends_no_key_or_app_password(other: User) -> None:
    secret = app_passwords.app_password(other)
    User.objects.filter(pk=other.pk).update(password=make_password(PASSWORD, salt="short"))
    user = User.objects.get(pk=other.pk)
    assert user.check_password(PASSWORD)
    assert "$short$" not in user.password
    user.name = "New"
    user.save()
    assert app_passwords.check_app_password(User.objects.get(pk=other.pk), secret)


def test_the_browser_that_changes_its_own_password_stays_signed_in(admin: User, site: Client) -> None:
    elsewhere = Client()
    elsewhere.force_login(admin)
    body = {"password": NEW, "currentPassword": PASSWORD}
    headers: dict[str, Any] = {"HTTP_ORIGIN": "http://testserver"}
    assert site.put(f"/api/user/{admin.pk}", body, "application/json", **headers).status_code == 200
    assert site.get("/api/user").status_code == 200
    assert elsewhere.get("/api/user").status_code == 401


def test_the_client_that_changes_its_own_password_gets_a_token(as_member: APIClient, member: User) -> None:
    url = f"/api/user/{member.pk}"
    answer = as_member.put(url, {"password": NEW, "currentPassword": PASSWORD})
    assert is_open(url, HTTP_AUTHORIZATION=f"Bearer {answer['x-nd-authorization']}")
    assert as_member.get(url).status_code == 401


def test_one_who_was_signed_out_meanwhile_makes_nothing_new(member: User) -> None:
    """A request that was let in a moment before must not leave a key or an app password behind."""
    services.sign_out_everywhere(member.pk, end_keys=True)
    with pytest.raises(NotFound):
        app_passwords.app_password(member)
    with pytest.raises(NotFound):
        app_passwords.renew_app_password(member)
    with pytest.raises(NotFound):
        api_keys.create_key(member, name="late", scope="read")
    assert tokens.verify(tokens.issue(member)) is None


class TestRules:
    """Who may sign whom out, and what is refused."""

    def test_only_oneself_or_an_admin(self, as_member: APIClient, admin: User) -> None:
        assert as_member.post(f"/api/user/{admin.pk}/signout").status_code == 403
        admin.refresh_from_db()
        assert admin.token_epoch == 0

    def test_nonsense_changes_nothing(self, as_admin: APIClient, member: User) -> None:
        assert as_admin.post(f"/api/user/{member.pk}/signout", {"endKeys": "maybe"}).status_code == 400
        assert as_admin.post("/api/user/nobody/signout").status_code == 404
        assert as_admin.get(f"/api/user/{member.pk}/signout").status_code == 405
        member.refresh_from_db()
        assert member.token_epoch == 0

    def test_is_audited(self, as_admin: APIClient, member: User) -> None:
        as_admin.post(f"/api/user/{member.pk}/signout")
        entry = AuditEntry.objects.latest("pk")
        assert (entry.action, entry.actor, entry.object_name) == ("user.sign_out", "admin", "member")

    @pytest.mark.parametrize("arguments", [[], ["nobody"], ["member", "nobody"], ["member", "--all"]])
    def test_the_command_refuses_and_does_nothing(self, member: User, arguments: list[str]) -> None:
        with pytest.raises(CommandError):
            call_command("signout", *arguments)
        member.refresh_from_db()
        assert member.token_epoch == 0


def test_the_migration_ends_what_accounts_held_that_are_not_active(member: User, outsider: User) -> None:
    for user in (member, outsider):
        app_passwords.app_password(user)
        api_keys.create_key(user, name="script", scope="read")
    User.objects.filter(pk=member.pk).update(is_active=False)  # as the version before did
    import_module("users.migrations.0003_ended_sign_ins").end_sign_ins(apps, None)
    assert [key.user for key in ApiKey.objects.all()] == [outsider]
    held = {user.username: bytes(user.subsonic_secret) for user in User.objects.all()}
    assert (held["member"], held["outsider"] != b"") == (b"", True)
