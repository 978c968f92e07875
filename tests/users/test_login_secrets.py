"""Login passwords for clients of the Subsonic protocol that know no other: kept only where that is asked for."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from navidrome_lib.audit.models import SignIn
from navidrome_lib.errors import TooManyAttempts
from tests.conftest import PASSWORD, Configure
from users import app_passwords, login_secrets, services
from users.models import User
from users.tasks import forget_login_passwords

pytestmark = pytest.mark.alike
SALT = "c19b2d"


def code(username: str = "member", secret: str = PASSWORD, **extra: Any) -> int:
    """The error of a ping that proves to know `secret`; 0 when there is none, -1 for the general one."""
    token = hashlib.md5((secret + SALT).encode(), usedforsecurity=False).hexdigest()
    query = {"v": "1.16.1", "c": "test", "f": "json", "u": username, "t": token, "s": SALT}
    answer = Client().get("/rest/ping", query, **extra).json()["subsonic-response"]
    return int(answer["error"]["code"] or -1) if "error" in answer else 0


def log_in(password: str = PASSWORD) -> None:
    assert APIClient().post("/auth/login", {"username": "member", "password": password}).status_code == 200


def kept() -> bytes:
    return bytes(User.objects.get(username="member").login_secret)


@pytest.fixture
def kept_here(configure: Configure) -> None:
    configure(subsonic_passwords="login")


class TestOff:
    """By default nothing is kept, and the login password is no secret that `t` can be made of."""

    def test_nothing_is_kept(self, member: User) -> None:
        log_in()
        assert kept() == b""
        assert code() == 40
        assert code(secret=app_passwords.app_password(User.objects.get(pk=member.pk))) == 0

    def test_a_client_that_tries_again_is_told_the_same_each_time(self, member: User) -> None:
        assert {code() for _ in range(20)} == {40}
        assert SignIn.objects.filter(outcome="failed").count() == 1

    def test_what_was_kept_is_forgotten(self, member: User, configure: Configure) -> None:
        configure(subsonic_passwords="login")
        log_in()
        assert forget_login_passwords() == 0
        configure(subsonic_passwords="app")
        assert (kept() != b"", code()) == (True, 40)
        assert forget_login_passwords() == 1
        assert kept() == b""

    def test_a_sign_in_forgets_it_at_once(self, member: User, configure: Configure) -> None:
        configure(subsonic_passwords="login")
        log_in()
        configure(subsonic_passwords="app")
        log_in()
        assert kept() == b""


@pytest.mark.usefixtures("kept_here")
class TestOn:
    """Unchanged clients work from the next sign-in on."""

    def test_from_the_next_sign_in_on(self, member: User) -> None:
        assert code() == 40
        log_in()
        assert code() == 0
        assert PASSWORD.encode() not in kept()
        assert code(secret="wrong") == 40
        assert code(username="nobody") == 40

    def test_by_every_way_to_sign_in(self, member: User) -> None:
        User.objects.filter(pk=member.pk).update(is_staff=True)
        query = {"v": "1.16.1", "c": "test", "f": "json", "u": "member", "p": PASSWORD}
        Client().get("/rest/ping", query)
        assert code() == 0
        User.objects.update(login_secret=b"")
        Client().post("/admin/login/", {"username": "member", "password": PASSWORD})
        assert code() == 0

    def test_the_app_password_works_as_before(self, member: User) -> None:
        log_in()
        assert code(secret=app_passwords.app_password(User.objects.get(pk=member.pk))) == 0

    def test_a_sign_in_with_the_app_password_keeps_nothing(self, member: User) -> None:
        log_in(app_passwords.app_password(member))
        assert kept() == b""

    def test_another_password_ends_it(self, member: User) -> None:
        log_in()
        old = kept()
        services.update_user(member.pk, {"password": "another battery"})
        assert (kept(), code()) == (b"", 40)
        User.objects.filter(pk=member.pk).update(login_secret=old)  # as a copy of the row would
        assert code() == 40
        log_in("another battery")
        assert (code(), code(secret="another battery")) == (40, 0)

    def test_a_deactivation_ends_it(self, member: User) -> None:
        log_in()
        services.update_user(member.pk, {"is_active": False})
        assert (kept(), code()) == (b"", 40)
        services.update_user(member.pk, {"is_active": True})
        assert code() == 40

    def test_new_keys_change_nothing(self, member: User) -> None:
        log_in()
        for _ in range(2):
            call_command("rotate_keys", stdout=io.StringIO())
        assert code() == 0

    def test_guesses_are_throttled(self, member: User) -> None:
        log_in()
        assert [code(secret=f"guess {number}") for number in range(7)] == [40] * 5 + [-1] * 2
        assert code() == -1
        assert code(REMOTE_ADDR="198.51.100.7") == 0
        assert [row.outcome for row in SignIn.objects.order_by("pk")][-2:] == ["throttled", "signed_in"]

    def test_parallel_guesses_are_counted_before_they_are_judged(self, member: User, only_logged: None) -> None:
        log_in()
        user = User.objects.get(pk=member.pk)

        def check(secret: str) -> str:
            token = app_passwords.token_for(secret, SALT)
            try:
                right = login_secrets.check_login_token(user, token, SALT, username="member", address="203.0.113.5")
                return "right" if right else "wrong"
            except TooManyAttempts:
                return "throttled"
            finally:
                connection.close()

        with ThreadPoolExecutor(20) as pool:
            guesses = list(pool.map(check, [f"guess {number}" for number in range(20)]))
        assert sorted(guesses) == ["throttled"] * 15 + ["wrong"] * 5

    def test_parallel_requests_of_a_client_are_no_guesses(self, member: User) -> None:
        log_in()
        user, token = User.objects.get(pk=member.pk), app_passwords.token_for(PASSWORD, SALT)

        def check(_: int) -> bool:
            return login_secrets.check_login_token(user, token, SALT, username="member", address="203.0.113.5")

        with ThreadPoolExecutor(20) as pool:
            assert all(pool.map(check, range(40)))
