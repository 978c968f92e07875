"""`GET|POST /api/user/{userId}/subsonic`."""

from __future__ import annotations

from rest_framework.test import APIClient

from users import app_passwords
from users.models import User


def url(user: User) -> str:
    return f"/api/user/{user.pk}/subsonic"


def test_the_owner_reads_the_app_password(as_member: APIClient, member: User) -> None:
    first, second = as_member.get(url(member)), as_member.get(url(member) + "/")
    assert first.status_code == 200
    assert first.json() == second.json() == {"username": "member", "password": app_passwords.app_password(member)}
    assert len(first.json()["password"]) >= 32
    assert first["Cache-Control"] == "no-store"


def test_a_new_one_ends_the_old_one(as_member: APIClient, member: User) -> None:
    old = as_member.get(url(member)).json()["password"]
    new = as_member.post(url(member)).json()["password"]
    member.refresh_from_db()
    assert new != old
    assert app_passwords.check_app_password(member, new)
    assert not app_passwords.check_app_password(member, old)


def test_nobody_else_does(as_admin: APIClient, as_anonymous: APIClient, as_outsider: APIClient, member: User) -> None:
    for client, code in ((as_admin, 403), (as_outsider, 403), (as_anonymous, 401)):
        for method in ("get", "post"):
            assert getattr(client, method)(url(member)).status_code == code
    member.refresh_from_db()
    assert not bytes(member.subsonic_secret)
