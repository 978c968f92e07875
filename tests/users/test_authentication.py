"""The ways to say who is asking, and what is refused."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.test import Client
from rest_framework.test import APIClient

from tests.conftest import PASSWORD, Configure, MakeUser, SignIn
from users import tokens
from users.key_files import jwt_keys
from users.models import User

URL = "/api/user"


def claims_of(token: str) -> dict[str, Any]:
    claims = tokens.decode(token, jwt_keys.read()[0])
    assert claims is not None
    return claims


def forge(user: User, *, key: str | None = None, algorithm: str = "HS256", **changes: Any) -> str:
    claims = {**claims_of(tokens.issue(user)), **changes}
    kept = {name: value for name, value in claims.items() if value is not ...}
    return jwt.encode(kept, jwt_keys.read()[0] if key is None else key, algorithm=algorithm)


class TestCarriers:
    """Where a token may be."""

    @pytest.mark.parametrize(
        "headers",
        [
            {"HTTP_AUTHORIZATION": "Bearer {}"},
            {"HTTP_AUTHORIZATION": "bearer  {} "},
            {"HTTP_X_ND_AUTHORIZATION": "Bearer {}"},
            {"HTTP_COOKIE": "jwt={}"},
            {"QUERY_STRING": "jwt={}"},
            {"HTTP_AUTHORIZATION": "Basic YTpi", "HTTP_X_ND_AUTHORIZATION": "Bearer {}"},
            {"HTTP_AUTHORIZATION": "Basic YTpi", "HTTP_COOKIE": "other=1; jwt={}"},
        ],
    )
    def test_is_accepted_and_renewed(self, admin: User, headers: dict[str, Any]) -> None:
        token = tokens.issue(admin)
        response = APIClient().get(URL, **{name: value.format(token) for name, value in headers.items()})
        assert response.status_code == 200
        assert claims_of(response["x-nd-authorization"])["uid"] == admin.pk
        assert response["Cache-Control"] == "no-store"

    def test_every_answer_renews_also_refusals(self, as_member: APIClient, as_admin: APIClient) -> None:
        for response in (as_member.get(URL), as_admin.get(f"{URL}/nobody"), as_admin.post(URL, {})):
            assert response.status_code in (400, 403, 404)
            assert tokens.verify(response["x-nd-authorization"]) is not None

    def test_no_token_no_renewal(self, as_anonymous: APIClient) -> None:
        response = as_anonymous.get(URL)
        assert response.status_code == 401
        assert "x-nd-authorization" not in response

    def test_a_bad_token_is_401_with_a_challenge(self, admin: User) -> None:
        carriers: list[dict[str, Any]] = [
            {"HTTP_AUTHORIZATION": "Bearer x"},
            {"QUERY_STRING": "jwt=x"},
            {"HTTP_COOKIE": "jwt=x"},
        ]
        for headers in carriers:
            response = APIClient().get(URL, **headers)
            assert response.status_code == 401
            assert response["WWW-Authenticate"].startswith("Bearer")
            assert set(response.json()) == {"error"}


class TestForgeries:
    """Tokens that are no good."""

    @pytest.mark.parametrize(
        "changes",
        [{"key": "x" * 64}, {"exp": 1}, {"exp": ...}, {"iat": ...}, {"uid": ...}, {"fpr": ...}, {"sub": ...},
         {"uid": "nobody"}, {"uid": 5}, {"uid": None}, {"uid": ["a"]}, {"fpr": "0" * 32}, {"fpr": 7}, {"fpr": "é"},
         {"algorithm": "HS384"}, {"algorithm": "HS512"}, {"nbf": 9_999_999_999}, {"exp": "never"}, {"iat": 9e18},
         {"uid": "\x00"}, {"uid": "\ud800"}, {"auth_time": "x"}],
    )  # fmt: skip
    @pytest.mark.filterwarnings("ignore:The HMAC key")
    def test_is_refused(self, admin: User, changes: dict[str, Any]) -> None:
        assert self.status(forge(admin, **changes)) == 401

    def status(self, token: str) -> int:
        return APIClient().get(URL, HTTP_AUTHORIZATION=f"Bearer {token}").status_code

    def test_foreign_algorithms_are_refused(self, admin: User) -> None:
        claims = claims_of(tokens.issue(admin))
        rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        assert self.status(jwt.encode(claims, rsa_key, algorithm="RS256")) == 401
        assert self.status(jwt.encode(claims, "", algorithm="none")) == 401
        _, body, signature = tokens.issue(admin).split(".")
        for name in ("none", "None", "NONE", "nOnE", "", "HS257"):
            text = json.dumps({"alg": name, "typ": "JWT"}).encode()
            bare = base64.urlsafe_b64encode(text).rstrip(b"=").decode()
            for end in ("", signature):
                assert self.status(f"{bare}.{body}.{end}") == 401

    def test_changed_or_cut_tokens_are_refused(self, admin: User) -> None:
        token = tokens.issue(admin)
        header, body, signature = token.split(".")
        other = claims_of(token) | {"uid": "other"}
        changed = base64.urlsafe_b64encode(json.dumps(other).encode()).rstrip(b"=").decode()
        odd = [f"{header}.{changed}.{signature}", f"{header}.{body}", f"{header}.{body}.", "..", ".", "", token[:-2],
               token + "A" * 5000, signature, f"{header}.{header}.{signature}", "é.é.é", "a.b.c.d.e"]  # fmt: skip
        assert {self.status(text) for text in odd} == {401}

    def test_it_ends_after_its_time(self, admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
        past = time.time() - settings.CONF.session_timeout - 60
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda: past)
            token = tokens.issue(admin)
        assert self.status(token) == 401

    def test_it_ends_after_its_longest_life_however_often_it_is_renewed(
        self, admin: User, configure: Configure
    ) -> None:
        configure(session_timeout=1000, session_max_age=2500)
        begun = int(time.time()) - 2400
        token = tokens.renew(tokens.AuthenticatedUser(admin, begun))
        for _ in range(3):
            token = APIClient().get(URL, HTTP_AUTHORIZATION=f"Bearer {token}")["x-nd-authorization"]
            claims = claims_of(token)
            assert (claims["auth_time"], claims["exp"]) == (begun, begun + 2500)
        assert self.status(tokens.renew(tokens.AuthenticatedUser(admin, begun - 200))) == 401

    def test_the_longest_life_is_no_shorter_than_the_usual_one(self, admin: User, configure: Configure) -> None:
        configure(session_timeout=5000, session_max_age=10)
        claims = claims_of(tokens.issue(admin))
        assert claims["exp"] - claims["iat"] == 5000

    def test_a_token_of_an_earlier_version_counts_from_its_own_time(self, admin: User) -> None:
        authenticated = tokens.verify(forge(admin, auth_time=..., iat=1_700_000_000))
        assert authenticated is not None
        assert authenticated.signed_in_at == 1_700_000_000

    def test_rights_are_not_believed(self, member: User) -> None:
        assert self.status(forge(member, adm=True)) == 403

    def test_another_accounts_fingerprint_is_refused(self, admin: User, member: User) -> None:
        assert self.status(forge(member, uid=admin.pk, sub="admin")) == 401

    def test_the_key_is_not_the_one_of_django(self, admin: User) -> None:
        assert jwt_keys.read()[0] != settings.SECRET_KEY
        assert jwt_keys.path.stat().st_mode & 0o777 == 0o600


class TestEndings:
    """What ends tokens at once."""

    def test_a_new_password(self, member: User, sign_in: SignIn) -> None:
        client = sign_in(member)
        member.set_password("other")
        member.save()
        assert client.get(f"{URL}/{member.pk}").status_code == 401

    def test_deactivation_for_good(self, member: User, sign_in: SignIn) -> None:
        client = sign_in(member)
        member.is_active = False
        member.save()
        assert client.get(f"{URL}/{member.pk}").status_code == 401
        member.is_active = True
        member.save()
        assert client.get(f"{URL}/{member.pk}").status_code == 401

    def test_a_raised_epoch(self, member: User, sign_in: SignIn) -> None:
        client = sign_in(member)
        User.objects.filter(pk=member.pk).update(token_epoch=1)
        assert client.get(f"{URL}/{member.pk}").status_code == 401


class TestCookies:
    """A browser adds cookies to requests of any page; only ours may change something with them."""

    ours: tuple[dict[str, Any], ...] = ({"HTTP_SEC_FETCH_SITE": "same-origin"}, {"HTTP_ORIGIN": "http://testserver"})
    foreign: tuple[dict[str, Any], ...] = (
        {},
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_SEC_FETCH_SITE": "same-site"},
        {"HTTP_SEC_FETCH_SITE": "none"},
        {"HTTP_SEC_FETCH_SITE": ""},
        {"HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_ORIGIN": "http://testserver"},
        {"HTTP_ORIGIN": "http://evil.example"},
        {"HTTP_ORIGIN": "http://testserver.evil.example"},
        {"HTTP_ORIGIN": "http://testserver:8080"},
        {"HTTP_ORIGIN": "http://evil@testserver"},
        {"HTTP_ORIGIN": "null"},
        {"HTTP_ORIGIN": "http://[broken"},
        {"HTTP_ORIGIN": "file://testserver"},
    )

    def clients(self, admin: User) -> list[tuple[Client, dict[str, Any]]]:
        session = Client(enforce_csrf_checks=True)
        assert session.login(username="admin", password=PASSWORD)
        return [(session, {}), (Client(enforce_csrf_checks=True), {"HTTP_COOKIE": f"jwt={tokens.issue(admin)}"})]

    def test_a_page_of_ours_can_call_everything(self, admin: User, member: User) -> None:
        for client, cookie in self.clients(admin):
            assert client.get(URL, **cookie).status_code == 200
            for origin in self.ours:
                response = client.put(
                    f"{URL}/{member.pk}/library", '{"libraryIds": []}', "application/json", **cookie, **origin
                )
                assert response.status_code == 200

    def test_other_pages_change_nothing(self, admin: User, member: User) -> None:
        for client, cookie in self.clients(admin):
            for origin in self.foreign:
                for method in ("put", "post", "patch", "delete"):
                    response = getattr(client, method)(f"{URL}/{member.pk}", **cookie, **origin)
                    assert response.status_code == 403
        assert User.objects.filter(pk=member.pk).exists()

    def test_by_https_a_page_of_http_is_foreign(self, admin: User, member: User) -> None:
        for client, cookie in self.clients(admin):
            url = f"{URL}/{member.pk}"
            assert client.delete(url, secure=True, HTTP_ORIGIN="http://testserver", **cookie).status_code == 403
            body = "{}"
            response = client.put(
                url, body, "application/json", secure=True, HTTP_ORIGIN="https://testserver", **cookie
            )
            assert response.status_code == 200

    def test_a_header_needs_no_origin(self, as_admin: APIClient, member: User) -> None:
        as_admin.cookies["jwt"] = "old"
        assert as_admin.delete(f"{URL}/{member.pk}", HTTP_ORIGIN="http://evil.example").status_code == 200

    def test_a_stale_cookie_does_not_spoil_a_session(self, admin: User) -> None:
        client, _ = self.clients(admin)[0]
        client.cookies["jwt"] = "old"
        assert client.get(URL).status_code == 200

    def test_a_session_ends_with_its_account(self, admin: User, make_user: MakeUser) -> None:
        make_user("other", is_superuser=True)
        client, _ = self.clients(admin)[0]
        admin.is_active = False
        admin.save()
        assert client.get(URL).status_code == 401
