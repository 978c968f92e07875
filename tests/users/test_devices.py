"""A browser that an account signed in from before keeps a budget of its own, whatever comes from its address."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from tests.conftest import PASSWORD, Configure, MakeUser
from users import devices
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


class Outdated(signing.TimestampSigner):
    """Signs as if more than a year ago."""

    def timestamp(self) -> str:
        return signing.b62_encode(int(time.time()) - devices.KEPT_SECONDS - 10)


def log_in(client: Client, username: str, password: str = PASSWORD, **extra: Any) -> int:
    body = {"username": username, "password": password}
    return client.post("/auth/login", body, content_type="application/json", **extra).status_code


def guess(client: Client, username: str, times: int) -> list[int]:
    return [log_in(client, username, "a guess") for _ in range(times)]


def test_a_client_behind_the_same_address_locks_no_known_browser_out(
    admin: User, make_user: MakeUser, configure: Configure
) -> None:
    configure(auth_request_limit=5)
    make_user("anna")
    known, page, stranger = Client(), Client(), Client()
    assert log_in(known, "admin") == 200
    assert page.post("/admin/login/", {"username": "admin", "password": PASSWORD}).status_code == 302
    # the account's count, and then the address's
    assert guess(stranger, "admin", 6) == [401] * 5 + [429]
    assert {log_in(stranger, f"name {number}", "a guess") for number in range(60)} == {401, 429}
    assert log_in(stranger, "admin") == 429
    assert (log_in(known, "ADMIN"), log_in(page, "admin")) == (200, 200)
    # what is known is this account, and no other one
    assert log_in(known, "anna") == 429


def test_a_known_browser_has_a_limit_too(admin: User, configure: Configure) -> None:
    configure(auth_request_limit=5)
    first, second = Client(), Client()
    assert (log_in(first, "admin"), log_in(second, "admin")) == (200, 200)
    assert guess(first, "admin", 6) == [401] * 5 + [429]
    assert log_in(first, "admin") == 429
    # neither at another browser nor for the address is it counted
    assert (log_in(second, "admin"), log_in(Client(), "admin")) == (200, 200)


def test_success_gives_the_whole_budget_back(admin: User, configure: Configure) -> None:
    configure(auth_request_limit=5)
    known = Client()
    log_in(known, "admin")
    for _ in range(3):
        assert guess(known, "admin", 4) == [401] * 4
        assert log_in(known, "admin") == 200


@pytest.mark.parametrize("end", ["password", "signed out everywhere", "forged", "outdated"])
def test_what_was_taken_back_is_known_no_more(admin: User, configure: Configure, end: str) -> None:
    configure(auth_request_limit=5)
    known = Client()
    log_in(known, "admin")
    if end == "password":
        admin.set_password(PASSWORD)
        admin.save()
    elif end == "signed out everywhere":
        User.objects.filter(pk=admin.pk).update(token_epoch=admin.token_epoch + 1)
    elif end == "forged":
        known.cookies[devices.COOKIE] = known.cookies[devices.COOKIE].value + "x"
    else:
        content = signing.loads(known.cookies[devices.COOKIE].value, salt=devices.SALT)
        known.cookies[devices.COOKIE] = Outdated(salt=devices.SALT).sign_object(content)
    guess(Client(), "admin", 6)
    assert log_in(known, "admin") == 429


def test_a_changed_password_leaves_the_browser_known_that_changed_it(admin: User, configure: Configure) -> None:
    configure(auth_request_limit=5)
    known, new = Client(), "another good password"
    known.post("/admin/login/", {"username": "admin", "password": PASSWORD})
    fields = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert known.post("/admin/password_change/", fields).status_code == 302
    guess(Client(), "admin", 6)
    assert log_in(known, "admin", new) == 200


def test_the_cookie_is_for_our_pages_alone(admin: User, make_user: MakeUser) -> None:
    client = Client()
    log_in(client, "admin", secure=True)
    cookie = client.cookies[devices.COOKIE]
    assert [cookie[name] for name in ("httponly", "samesite", "secure", "path")] == [True, "Strict", True, "/"]
    assert client.get("/api/keepalive/").cookies.get(devices.COOKIE) is None
    for number in range(devices.MOST_ACCOUNTS + 2):
        make_user(f"user{number}")
        assert log_in(client, f"user{number}") == 200
    content = devices.read_cookie(client.cookies[devices.COOKIE].value)
    assert content is not None
    last = User.objects.get(username=f"user{devices.MOST_ACCOUNTS + 1}")
    assert (len(content[1]), list(content[1])[-1]) == (devices.MOST_ACCOUNTS, str(last.pk))
    assert len(client.cookies[devices.COOKIE].value) < 2000


def test_wrong_passwords_hand_out_no_cookie(admin: User) -> None:
    client = Client()
    guess(client, "admin", 2)
    assert devices.COOKIE not in client.cookies
