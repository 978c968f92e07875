"""The app password at `/auth/login`: what an app may do with it, and what only its owner may."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from rest_framework.test import APIClient

from libraries.models import Library, Scan
from navidrome_lib.audit.models import SignIn
from tests.conftest import PASSWORD
from users import app_passwords, key_files, tokens
from users.models import ApiKey, User

pytestmark = pytest.mark.alike


def log_in(user: User, password: str | None = None) -> Any:
    secret = app_passwords.app_password(user) if password is None else password
    return APIClient().post("/auth/login", {"username": user.username, "password": secret})


def as_app(user: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_X_ND_AUTHORIZATION=f"Bearer {log_in(user).json()['token']}")
    return client


def test_the_answer_is_that_of_any_sign_in(member: User) -> None:
    answer = log_in(member)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["id"], body["username"], body["isAdmin"]) == (member.pk, "member", False)
    assert app_passwords.check_token(User.objects.get(pk=member.pk), body["subsonicToken"], body["subsonicSalt"])
    noted = SignIn.objects.latest("pk")
    assert (noted.outcome, noted.credential, noted.user_id) == ("signed_in", "app password", member.pk)
    assert log_in(member, "wrong").status_code == 401


def test_it_looks(member: User, admin: User, library: Library) -> None:
    client = as_app(member)
    for path in (f"/api/user/{member.pk}", "/api/keepalive/", "/api/insights/"):
        assert client.get(path).status_code == 200, path
    assert client.get("/api/library").status_code == 403
    assert as_app(admin).get("/api/library").status_code == 200


def test_an_admins_app_starts_scans_and_nothing_more(admin: User, library: Library) -> None:
    client = as_app(admin)
    scan = client.post("/api/scan", {"libraryId": str(library.pk)})
    assert scan.status_code == 201
    assert client.post("/api/scan", {"libraryId": str(library.pk), "acceptEmpty": True}).status_code == 403
    assert client.delete(f"/api/scan/{scan.json()['id']}").status_code == 403
    assert Scan.objects.get().state == "queued"


def test_it_never_changes_an_account_or_makes_keys(admin: User, member: User, library: Library) -> None:
    client, own = as_app(admin), f"/api/user/{admin.pk}"
    before = list(User.objects.order_by("pk").values("username", "name", "password", "token_epoch", "subsonic_secret"))
    refused = [
        client.put(own, {"name": "New"}),
        client.put(own, {"password": "new one", "currentPassword": PASSWORD}),
        client.patch(own, {"email": "a@example.org"}),
        client.post(f"{own}/signout"),
        client.get(f"{own}/subsonic"),
        client.post(f"{own}/subsonic"),
        client.get("/api/apikey"),
        client.post("/api/apikey", {"name": "Mine", "scopes": ["read"]}),
        client.post("/api/user", {"userName": "new", "name": "New", "password": "some password"}),
        client.delete(f"/api/user/{member.pk}"),
        client.put(f"/api/user/{member.pk}/library", {"libraryIds": []}),
        client.delete(f"/api/library/{library.pk}"),
        client.delete("/api/missing"),
    ]
    assert {answer.status_code for answer in refused} == {403}
    assert all("app password" in answer.json()["error"] for answer in refused)
    after = list(User.objects.order_by("pk").values("username", "name", "password", "token_epoch", "subsonic_secret"))
    assert [str(row) for row in after] == [str(row) for row in before]
    assert not ApiKey.objects.exists()


def test_a_renewed_token_has_no_more_rights(member: User) -> None:
    client, path = as_app(member), f"/api/user/{member.pk}"
    renewed = client.put(path, {"name": "New"})["x-nd-authorization"]  # a refusal keeps the client signed in, too
    authenticated = tokens.verify(renewed)
    assert authenticated is not None
    assert authenticated.is_app
    again = APIClient().put(path, {"name": "New"}, HTTP_AUTHORIZATION=f"Bearer {renewed}")
    assert again.status_code == 403


def test_a_forged_claim_gives_no_more_rights(member: User) -> None:
    key = key_files.jwt_keys.read()[0]
    claims = tokens.decode(log_in(member).json()["token"], key)
    assert claims is not None
    del claims["app"]
    assert tokens.verify(jwt.encode(claims, key, algorithm=tokens.ALGORITHM)) is None


def test_it_ends_with_the_app_password(member: User) -> None:
    client = as_app(member)
    member.refresh_from_db()
    app_passwords.renew_app_password(member)
    assert client.get(f"/api/user/{member.pk}").status_code == 401
    login = APIClient()
    login.credentials(HTTP_AUTHORIZATION=f"Bearer {log_in(member, PASSWORD).json()['token']}")
    app_passwords.renew_app_password(User.objects.get(pk=member.pk))
    assert login.get(f"/api/user/{member.pk}").status_code == 200


def test_it_opens_no_page(admin: User, client: Any) -> None:
    form = {"username": "admin", "password": app_passwords.app_password(admin)}
    assert client.post("/admin/login/", form).status_code == 200
    assert client.get("/admin/").status_code == 302
