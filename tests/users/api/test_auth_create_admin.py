"""`POST /auth/createAdmin`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from rest_framework.test import APIClient

from tests.conftest import MakeUser
from users.models import User

URL = "/auth/createAdmin"


@pytest.mark.parametrize("url", [URL, URL + "/"])
def test_creates_the_first_admin_and_signs_in(as_anonymous: APIClient, url: str) -> None:
    response = as_anonymous.post(url, {"username": " Ada ", "password": "x y"})
    assert response.status_code == 200
    body = response.json()
    assert set(body) == {"id", "name", "username", "isAdmin", "token", "subsonicSalt", "subsonicToken"}
    assert (body["username"], body["isAdmin"]) == ("Ada", True)
    user = User.objects.get()
    assert (user.username, user.is_superuser, user.is_staff, user.check_password("x y")) == ("Ada", True, True, True)
    assert as_anonymous.get("/api/user", HTTP_AUTHORIZATION=f"Bearer {body['token']}").status_code == 200


@pytest.mark.parametrize("body", [{"username": "eve", "password": "x"}, {}, [], "text"])
def test_is_closed_once_any_account_exists(as_anonymous: APIClient, make_user: MakeUser, body: object) -> None:
    make_user("somebody")
    response = as_anonymous.post(URL, body)
    assert response.status_code == 403
    assert set(response.json()) == {"error"}
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [{}, [], {"username": "", "password": "x"}, {"username": "  ", "password": "x"}, {"username": "a", "password": ""},
     {"username": "a" * 151, "password": "x"}, {"username": "a\nb", "password": "x"}, {"username": {}, "password": 1}],
)  # fmt: skip
def test_anything_but_a_usable_account_is_422(as_anonymous: APIClient, body: object) -> None:
    assert as_anonymous.post(URL, body).status_code == 422
    assert not User.objects.exists()


def test_text_plain_is_read(as_anonymous: APIClient) -> None:
    body = '{"username": "ada", "password": "x"}'
    assert as_anonymous.post(URL, body, content_type="text/plain;charset=UTF-8").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_racing_calls_one_creates_one_admin() -> None:
    def create(number: int) -> int:
        try:
            return APIClient().post(URL, {"username": f"admin{number}", "password": "x"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(create, range(8)))
    assert sorted(codes) == [200] + [403] * 7
    assert User.objects.count() == 1
