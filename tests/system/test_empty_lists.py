"""A list of what this server has none of."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("query", ["", "/", "?_start=-100&_end=0", "?_end=0&_order=&_sort=", "?id=1", "?_end=NaN"])
def test_is_an_empty_list(as_member: APIClient, query: str) -> None:
    response = as_member.get(f"/api/translation{query}")
    assert (response.status_code, response["X-Total-Count"], response.content) == (200, "0", b"[]")


def test_translations_are_asked_for_before_signing_in(as_anonymous: APIClient) -> None:
    answer = as_anonymous.get("/api/translation", HTTP_X_ND_AUTHORIZATION="Bearer worn.out.token")
    assert (answer.status_code, answer.json()) == (200, [])


def test_nothing_can_be_put_into_it(as_admin: APIClient) -> None:
    assert as_admin.post("/api/translation", {"name": "x"}).status_code == 405
    answer = as_admin.get("/api/translation/1")
    assert (answer.status_code, answer.json()) == (404, {"error": "Not found."})
