"""Admins and their rights at `/api/user`: there is always one, and who is none any more has none at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from tests.conftest import MakeUser, SignIn
from tests.users.api.test_user import URL, one, state
from users import tokens
from users.models import User

pytestmark = pytest.mark.django_db


class TestLastAdmin:
    """There is always an admin."""

    @pytest.mark.parametrize("body", [{"isAdmin": False}, {"isActive": False}, {"isAdmin": False, "name": "x"}])
    def test_is_not_demoted(self, as_admin: APIClient, admin: User, make_user: MakeUser, body: dict[str, Any]) -> None:
        make_user("former", is_superuser=True, is_active=False)
        before = state(admin)
        response = as_admin.put(one(admin), body)
        sentence = "This is the last admin. Make another user an admin first."
        fields = dict.fromkeys(body.keys() - {"name"}, sentence)
        assert (response.status_code, response.json()) == (409, {"error": sentence, "errors": fields})
        assert state(admin) == before

    def test_is_not_deleted(self, as_admin: APIClient, admin: User) -> None:
        assert as_admin.delete(one(admin)).status_code == 409
        assert User.objects.filter(pk=admin.pk).exists()

    def test_one_of_two_can_go(self, as_admin: APIClient, admin: User, make_user: MakeUser) -> None:
        other = make_user("other", is_superuser=True)
        assert as_admin.put(one(other), {"isAdmin": False}).status_code == 200
        other.refresh_from_db()
        assert (other.is_superuser, other.is_staff) == (False, False)
        assert as_admin.delete(one(admin)).status_code == 409

    @pytest.mark.django_db(transaction=True)
    def test_of_racing_demotions_one_fails(self) -> None:
        admins = [User.objects.create_user(f"admin{number}", "x", is_superuser=True) for number in range(10)]
        headers = [f"Bearer {tokens.issue(user)}" for user in admins]

        def demote(number: int) -> int:
            try:
                client = APIClient()
                # everybody demotes the next one, half of them by deleting
                url, authorization = one(admins[(number + 1) % 10]), headers[number]
                if number % 2:
                    return client.delete(url, HTTP_AUTHORIZATION=authorization).status_code
                return client.put(url, {"isAdmin": False}, HTTP_AUTHORIZATION=authorization).status_code
            finally:
                connection.close()

        with ThreadPoolExecutor(10) as pool:
            codes = list(pool.map(demote, range(10)))
        assert User.objects.active_admins().count() >= 1
        assert set(codes) <= {200, 401, 403, 409}


def test_demotion_and_deactivation_hold_from_the_next_request(
    as_admin: APIClient, make_user: MakeUser, sign_in: SignIn
) -> None:
    other = make_user("other", is_superuser=True)
    client = sign_in(other)
    assert client.get(URL).status_code == 200
    as_admin.put(one(other), {"isAdmin": False})
    assert client.get(URL).status_code == 401  # a demotion ends what an admin was given
    client = sign_in(User.objects.get(pk=other.pk))
    assert client.get(URL).status_code == 403
    as_admin.put(one(other), {"isActive": False})
    assert client.get(URL).status_code == 401
    as_admin.put(one(other), {"isActive": True})
    assert client.get(URL).status_code == 401  # the token has ended for good
    assert sign_in(User.objects.get(pk=other.pk)).get(one(other)).status_code == 200
