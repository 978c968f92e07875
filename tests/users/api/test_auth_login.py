"""`POST /auth/login`."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from rest_framework.test import APIClient

from tests.conftest import PASSWORD, Configure, MakeUser, SignIn
from users import app_passwords, key_files, tokens
from users.models import User

pytestmark = pytest.mark.alike

URL = "/auth/login"
KEYS = {"id", "name", "username", "isAdmin", "token", "subsonicSalt", "subsonicToken"}


def login(client: APIClient, username: str, password: str, **extra: Any) -> tuple[int, dict[str, object]]:
    response = client.post(URL, {"username": username, "password": password}, **extra)
    return response.status_code, response.json()


@pytest.mark.parametrize("url", [URL, URL + "/"])
def test_answers_everything_a_client_needs(as_anonymous: APIClient, admin: User, url: str) -> None:
    response = as_anonymous.post(url, {"username": "admin", "password": PASSWORD})
    assert response.status_code == 200
    body = response.json()
    assert set(body) == KEYS
    assert body["id"] == admin.pk
    assert body["username"] == "admin"
    assert body["isAdmin"] is True
    claims = tokens.decode(body["token"], key_files.jwt_keys.read()[0])
    assert claims is not None
    assert (claims["sub"], claims["uid"], claims["adm"]) == ("admin", admin.pk, True)
    assert claims["exp"] - claims["iat"] == 48 * 3600
    admin.refresh_from_db()
    secret = app_passwords.app_password(admin)
    proof = hashlib.md5((secret + body["subsonicSalt"]).encode()).hexdigest()  # noqa: S324 - the protocol's choice
    assert body["subsonicToken"] == proof
    assert admin.last_login is not None


def test_the_token_opens_the_api(as_anonymous: APIClient, admin: User) -> None:
    _, body = login(as_anonymous, "admin", PASSWORD)
    assert as_anonymous.get("/api/user", HTTP_AUTHORIZATION=f"Bearer {body['token']}").status_code == 200


def test_case_and_space_of_the_name_do_not_count(as_anonymous: APIClient, admin: User) -> None:
    assert login(as_anonymous, " ADMIN ", PASSWORD)[0] == 200


def test_space_of_the_password_counts(as_anonymous: APIClient, admin: User) -> None:
    assert login(as_anonymous, "admin", PASSWORD + " ")[0] == 401


def test_unknown_user_and_wrong_password_look_the_same(as_anonymous: APIClient, admin: User) -> None:
    unknown = as_anonymous.post(URL, {"username": "nobody", "password": "x"})
    wrong = as_anonymous.post(URL, {"username": "admin", "password": "x"})
    assert unknown.status_code == wrong.status_code == 401
    assert unknown.content == wrong.content
    assert unknown["WWW-Authenticate"] == wrong["WWW-Authenticate"]


def test_unknown_user_costs_one_hash_like_a_wrong_password(
    as_anonymous: APIClient, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hash is what takes the time: each of the three refusals computes exactly one."""
    hashes: list[str] = []

    def encode(self: object, password: str, salt: str) -> str:
        hashes.append(password)
        return f"md5${salt}$no"

    monkeypatch.setattr(MD5PasswordHasher, "encode", encode)
    User.objects.filter(pk=admin.pk).update(password="md5$salt$hash")
    for username in ("nobody", "admin"):
        hashes.clear()
        assert login(as_anonymous, username, "guess")[0] == 401
        assert hashes == ["guess"]


def test_a_deactivated_account_is_refused(as_anonymous: APIClient, make_user: MakeUser) -> None:
    make_user("gone", is_active=False)
    assert login(as_anonymous, "gone", PASSWORD) == login(as_anonymous, "gone", "wrong")


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"[]", b"{}", b'"x"', b"null", b'{"username": "admin"}', b'{"username": 1, "password": "x"}',
     b'{"username": "admin", "password": null}', b'{"username": "admin", "password": ["x"]}', b"\xff\xfe",
     b'{"username": "a\\u0000", "password": "x"}', b'{"username": "\\ud800", "password": "x"}', b"[" * 5000],
)  # fmt: skip
def test_anything_but_the_expected_json_is_422(as_anonymous: APIClient, admin: User, body: bytes) -> None:
    response = as_anonymous.post(URL, body, content_type="application/json")
    assert response.status_code == 422
    assert set(response.json()) == {"error"}


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json", "x"])
def test_json_is_read_whatever_the_content_type(as_anonymous: APIClient, admin: User, content_type: str) -> None:
    body = b'{"username": "admin", "password": "%s"}' % PASSWORD.encode()
    assert as_anonymous.post(URL, body, content_type=content_type).status_code == 200


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=utf-8", FORM.upper()])
def test_a_form_is_read_too(as_anonymous: APIClient, admin: User, content_type: str) -> None:
    body = urlencode({"username": "admin", "password": PASSWORD})
    assert as_anonymous.post(URL, body, content_type=content_type).status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"username=admin", b"username", b"password=x", b"username=%00&password=x", b"\xff=1", b"&" * 5000,
     b"username=admin&password=x" + b"&a=1" * 50],
)  # fmt: skip
def test_any_other_form_is_422(as_anonymous: APIClient, admin: User, body: bytes) -> None:
    response = as_anonymous.post(URL, body, content_type=FORM)
    assert response.status_code == 422
    assert set(response.json()) == {"error"}


def test_a_form_that_does_not_say_that_it_is_one_is_422(as_anonymous: APIClient, admin: User) -> None:
    body = urlencode({"username": "admin", "password": PASSWORD})
    assert as_anonymous.post(URL, body, content_type="text/plain").status_code == 422


@pytest.mark.parametrize("username", ["a" * 900, "a\u0001b", "' OR 1=1 --", "ſ" * 400])
def test_odd_names_are_just_unknown(as_anonymous: APIClient, admin: User, username: str) -> None:
    assert login(as_anonymous, username, "x")[0] == 401


def test_a_huge_body_is_413(as_anonymous: APIClient, admin: User) -> None:
    body = b'{"username": "%s"}' % (b"a" * 1024 * 1024)
    assert as_anonymous.post(URL, body, content_type="application/json").status_code == 413


def test_other_methods_are_405(as_anonymous: APIClient) -> None:
    assert as_anonymous.get(URL).status_code == 405


def test_a_bad_token_does_not_keep_anybody_from_signing_in(as_anonymous: APIClient, admin: User) -> None:
    assert login(as_anonymous, "admin", PASSWORD, HTTP_AUTHORIZATION="Bearer nonsense")[0] == 200


class TestThrottle:
    """Guessing is slow, and nobody else pays for it."""

    def guess(self, client: APIClient, username: str = "admin", **extra: str) -> int:
        return login(client, username, "guess", **extra)[0]

    def test_the_sixth_wrong_password_is_429(self, as_anonymous: APIClient, admin: User) -> None:
        assert [self.guess(as_anonymous) for _ in range(5)] == [401] * 5
        response = as_anonymous.post(URL, {"username": "ADMIN ", "password": PASSWORD})
        assert response.status_code == 429
        assert 1 <= int(response["Retry-After"]) <= 60
        assert "error" in response.json()

    def test_an_attacker_elsewhere_does_not_lock_the_owner_out(self, as_anonymous: APIClient, admin: User) -> None:
        for _ in range(20):
            self.guess(as_anonymous, REMOTE_ADDR="203.0.113.9")
        assert self.guess(as_anonymous, REMOTE_ADDR="203.0.113.9") == 429
        assert login(as_anonymous, "admin", PASSWORD, REMOTE_ADDR="198.51.100.7")[0] == 200

    def test_one_address_that_tries_many_accounts_is_stopped(self, as_anonymous: APIClient, admin: User) -> None:
        codes = [self.guess(as_anonymous, f"user{number}") for number in range(51)]
        assert codes == [401] * 50 + [429]

    def test_a_neighbour_in_the_same_ipv6_network_is_the_same_client(
        self, as_anonymous: APIClient, admin: User
    ) -> None:
        codes = [self.guess(as_anonymous, REMOTE_ADDR=f"2001:db8::{number}") for number in range(1, 7)]
        assert codes == [401] * 5 + [429]

    def test_success_starts_the_count_anew(self, as_anonymous: APIClient, admin: User) -> None:
        for _ in range(30):
            assert self.guess(as_anonymous) == 401
            assert login(as_anonymous, "admin", PASSWORD)[0] == 200

    def test_malformed_bodies_do_not_count(self, as_anonymous: APIClient, admin: User) -> None:
        for _ in range(20):
            assert as_anonymous.post(URL, {"username": "admin"}).status_code == 422
        assert self.guess(as_anonymous) == 401

    def test_zero_switches_it_off(self, as_anonymous: APIClient, admin: User, configure: Configure) -> None:
        configure(auth_request_limit=0)
        assert {self.guess(as_anonymous) for _ in range(60)} == {401}

    def test_it_ends_with_its_window(self, as_anonymous: APIClient, admin: User) -> None:
        for _ in range(6):
            self.guess(as_anonymous)
        cache.clear()  # what the window's end does
        assert login(as_anonymous, "admin", PASSWORD)[0] == 200


def test_the_tokens_of_before_end_with_a_new_password(as_anonymous: APIClient, admin: User, sign_in: SignIn) -> None:
    client = sign_in(admin)
    admin.set_password("another one")
    admin.save()
    assert client.get("/api/user").status_code == 401
    assert login(as_anonymous, "admin", "another one")[0] == 200
