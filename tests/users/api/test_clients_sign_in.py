"""How real clients sign in and what they ask first, request by request as they send it.

A browser's web client, players in the browser, on a phone and on a desktop: each test is named by what its clients do
differently. What they rely on is asserted, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from libraries.event_views import EventView
from libraries.events.hub import Hub
from libraries.models import Library
from tests.conftest import PASSWORD
from tests.support.event_streams import Stream
from users import api_keys
from users.app_passwords import app_password
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

SALT = "c19b2d"


@pytest.fixture(autouse=True)
def hub_without_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams greet; what follows needs a transaction that other threads can see."""
    monkeypatch.setattr(EventView, "hub", Hub(threaded=False))


def log_in(password: str, *, content_type: str = "application/json", username: str = "admin") -> dict[str, Any]:
    """The answer to a sign-in that has to succeed."""
    body = json.dumps({"username": username, "password": password})
    answer = Client().post("/auth/login", body, content_type=content_type)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def claims_of(token: str) -> dict[str, Any]:
    """What a client reads from a token without checking it."""
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def signed(username: str, password: str) -> dict[str, str]:
    """User, token and salt, made from a password that the client knows."""
    token = hashlib.md5((password + SALT).encode(), usedforsecurity=False).hexdigest()
    return {"u": username, "t": token, "s": SALT}


def rest(method: str, query: Mapping[str, str], *, version: str = "1.16.1", post: bool = False) -> dict[str, Any]:
    """The answer to a call of the protocol, which is always 200 and JSON."""
    parameters = {"v": version, "c": "client", "f": "json", **query}
    client, url = Client(), f"/rest/{method}"
    answer = client.post(url, parameters) if post else client.get(f"{url}?{urlencode(parameters)}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    found: dict[str, Any] = answer.json()["subsonic-response"]
    return found


def test_the_web_client_keeps_the_newest_token(admin: User, library: Library) -> None:
    assert Client().get("/api/translation?_end=-1&_order=&_sort=").json() == []
    answer = log_in(PASSWORD)
    assert answer["username"] == "admin"
    assert claims_of(answer["token"])["uid"] == answer["id"] == admin.pk
    token = answer["token"]
    page = Client(HTTP_X_ND_CLIENT_UNIQUE_ID="2f1c0a52-2c0b-4d15-a9f1-3d5a0f4f4b11")
    for url in (
        "/api/transcoding?_end=0&_order=ASC&_sort=name&_start=0", f"/api/user/{answer['id']}",
        "/api/playlist?_start=-100&_end=0&_sort=name&_order=ASC", "/api/insights/insights_status", "/api/keepalive/x",
        "/api/library?_start=0&_end=15&_sort=name&_order=ASC", "/api/user?_end=0&_order=ASC&_sort=name&_start=0",
    ):  # fmt: skip
        found = page.get(url, HTTP_X_ND_AUTHORIZATION=f"Bearer {token}")
        assert found.status_code == 200, url
        token = found["X-ND-Authorization"]
        assert not token.startswith("Bearer")
    assert len(page.get("/api/user?_start=0&_end=0", HTTP_X_ND_AUTHORIZATION=f"Bearer {token}").json()) == 1
    # the first token is good as long as it has not expired, and errors renew it, too
    refused = page.get("/api/user/nobody", HTTP_X_ND_AUTHORIZATION=f"Bearer {answer['token']}")
    assert refused.status_code == 404
    assert refused["X-ND-Authorization"]
    with Stream.asked(Client(), f"/api/events?jwt={token}") as stream:
        assert next(stream.events()).name == "serverStart"
    proof = {"u": answer["username"], "t": answer["subsonicToken"], "s": answer["subsonicSalt"]}
    assert rest("getScanStatus", proof, version="1.8.0")["scanStatus"]["scanning"] is False


def test_the_web_client_of_a_regular_user(member: User, library: Library) -> None:
    answer = log_in(PASSWORD, username="member")
    headers = {"HTTP_X_ND_AUTHORIZATION": f"Bearer {answer['token']}"}
    own = Client().get(f"/api/user/{answer['id']}", **headers)  # type: ignore[arg-type]
    assert [each["name"] for each in own.json()["libraries"]] == ["Rock"]
    # what is not allowed is never 401: the client would sign out
    for url in ("/api/library", "/api/user", "/api/missing"):
        assert Client().get(url, **headers).status_code == 403  # type: ignore[arg-type]
    with Stream.asked(Client(), f"/api/events?jwt={answer['token']}") as stream:
        assert next(stream.events()).name == "serverStart"


def test_a_player_that_signs_in_to_both_interfaces(admin: User, library: Library) -> None:
    answer = log_in(PASSWORD)
    proof = {"u": "admin", "t": answer["subsonicToken"], "s": answer["subsonicSalt"]}
    for method in ("ping.view", "getOpenSubsonicExtensions.view", "getMusicFolders.view"):
        assert rest(method, proof, post=True)["status"] == "ok"
    folders = rest("getMusicFolders.view", proof)["musicFolders"]["musicFolder"]
    assert folders == [{"id": library.pk, "name": "Rock"}]
    headers = {"X-ND-Authorization": f"Bearer {answer['token']}"}
    assert Client().get("/api/library?_end=NaN", headers=headers)["X-Total-Count"] == "1"


def test_clients_with_one_password_for_both_interfaces(member: User) -> None:
    """Some send JSON as text; all of them use what was typed for the token and salt of the other interface as well."""
    typed = app_password(member)
    for content_type in ("text/plain;charset=UTF-8", "application/json", "application/x-www-form-urlencoded"):
        answer = log_in(typed, content_type=content_type, username="member")
    assert rest("ping", signed("member", typed))["status"] == "ok"
    own = Client().get(f"/api/user/{answer['id']}", HTTP_AUTHORIZATION=f"Bearer {answer['token']}")
    assert (own.status_code, own.json()["userName"]) == (200, "member")


def test_a_token_that_is_refused_is_replaced_once(member: User) -> None:
    worn_out = Client().get(f"/api/user/{member.pk}", HTTP_X_ND_AUTHORIZATION="Bearer worn.out.token")
    assert (worn_out.status_code, "error" in worn_out.json()) == (401, True)
    answer = log_in(PASSWORD, username="member")
    again = Client().get(f"/api/user/{member.pk}", HTTP_X_ND_AUTHORIZATION=f"Bearer {answer['token']}")
    assert again.status_code == 200


def test_a_player_that_restores_its_session(member: User) -> None:
    """It sends the parameters of both ways, the unused ones empty, and all of them where nothing is checked."""
    typed = app_password(member)
    proof = signed("member", typed)
    assert rest("ping", proof, version="1.15.0")["status"] == "ok"
    assert rest("ping", {**proof, "p": ""}, version="1.15.0")["status"] == "ok"
    assert rest("ping", {"u": "member", "p": typed, "t": "", "s": ""}, version="1.15.0")["status"] == "ok"
    extensions = rest("getOpenSubsonicExtensions", {**proof, "p": typed}, version="1.15.0")
    assert extensions["openSubsonicExtensions"]


def test_players_of_the_old_protocol(member: User) -> None:
    typed = app_password(member)
    for query in ({"p": typed}, {"p": f"enc:{typed.encode().hex()}"}):
        for version in ("1.8.0", "1.16.1"):
            assert rest("ping.view", {"u": "member", **query}, version=version)["status"] == "ok"
            assert rest("ping", {"u": "MEMBER", **query}, version=version, post=True)["status"] == "ok"
    mixed = Client().post(f"/rest/ping?u=member&v=1.16.1&c=x&f=json&{urlencode({'p': typed})}", {"f": "json"})
    assert mixed.json()["subsonic-response"]["status"] == "ok"


def test_players_that_map_every_key(member: User) -> None:
    """Libraries with types raise an exception for a key that is missing, and for a refusal that is no JSON."""
    proof = signed("member", app_password(member))
    user = rest("getUser", {**proof, "username": "member"})["user"]
    assert len([key for key in user if key.endswith("Role")]) == 12
    assert isinstance(user["scrobblingEnabled"], bool)
    status = rest("getScanStatus", proof)["scanStatus"]
    assert (status["scanning"], status["count"]) == (False, 0)
    for method in ("stream", "getCoverArt", "download", "noSuchMethod"):
        answer = rest(method, {**proof, "id": "1"})
        assert (answer["status"], bool(answer["error"]["message"])) == ("failed", True)
    wrong = rest("ping", {**proof, "t": "0" * 32})
    assert (wrong["error"]["code"], wrong["openSubsonic"]) == (40, True)


def test_a_client_with_an_api_key(member: User) -> None:
    key = api_keys.create_key(member, name="player", scope="read")[1]
    assert rest("tokenInfo", {"apiKey": key})["tokenInfo"] == {"username": "member"}
    assert rest("ping", {"apiKey": key, "u": "", "t": "", "s": ""})["status"] == "ok"
    assert rest("ping", {"apiKey": "wrong"})["error"]["code"] == 44


def test_addresses_in_pages_carry_all_that_is_needed(member: User) -> None:
    """An address in `<audio>` or `<img>` has no header and no cookie, and is asked for by HEAD, too."""
    query = urlencode({"v": "1.16.1", "c": "x", "f": "json", **signed("member", app_password(member))})
    for method in ("get", "head"):
        answer = getattr(Client(), method)(f"/rest/ping?{query}")
        assert answer.status_code == 200
        assert answer["Content-Type"] == "application/json"
