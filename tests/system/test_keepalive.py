"""`GET /api/keepalive/`."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from tests.conftest import SignIn
from users import tokens
from users.models import User

pytestmark = pytest.mark.django_db

BODY = b'{"response":"ok","id":"keepalive"}'


@pytest.mark.parametrize(
    "path", ["/api/keepalive/", "/api/keepalive", "/api/keepalive/anything", "/api/keepalive/a/b/"]
)
@pytest.mark.parametrize("who", ["as_anonymous", "as_outsider", "as_admin"])
def test_anybody(request: pytest.FixtureRequest, path: str, who: str) -> None:
    response = request.getfixturevalue(who).get(path)
    assert (response.status_code, response.content) == (200, BODY)
    assert response["Content-Type"].startswith("application/json")


def test_a_token_is_renewed(admin: User, sign_in: SignIn) -> None:
    renewed = sign_in(admin).get("/api/keepalive/")["x-nd-authorization"]
    authenticated = tokens.verify(renewed)
    assert authenticated is not None
    assert authenticated.user == admin


@pytest.mark.parametrize("value", ["Bearer nonsense", "Bearer ", "Basic YTpi", "Bearer a.b.c", "\x00"])
def test_a_bad_token_does_not_matter(as_anonymous: APIClient, value: str) -> None:
    response = as_anonymous.get("/api/keepalive/", HTTP_AUTHORIZATION=value)
    assert (response.status_code, response.content) == (200, BODY)
    assert "x-nd-authorization" not in response
    assert as_anonymous.get("/api/keepalive/", {"jwt": value}).status_code == 200


def test_other_methods(as_anonymous: APIClient) -> None:
    assert as_anonymous.post("/api/keepalive/").status_code == 405
    assert as_anonymous.head("/api/keepalive/").status_code == 200


def test_it_asks_no_database(as_anonymous: APIClient, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        as_anonymous.get("/api/keepalive/")
