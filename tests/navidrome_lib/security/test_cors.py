"""What pages of other servers may do: ask with what they know themselves, and read the answer; never with a cookie."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from navidrome_lib.config import conf
from tests.conftest import PASSWORD, Configure
from users import tokens
from users.models import User

PAGE: dict[str, Any] = {"HTTP_ORIGIN": "https://player.example", "HTTP_SEC_FETCH_SITE": "cross-site"}
EXPOSED = {"x-content-duration", "x-total-count", "x-nd-authorization"}

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


def listed(answer: Any, header: str) -> set[str]:
    return {item.strip().lower() for item in answer.get(header, "").split(",")}


def preflight(url: str, method: str = "GET", headers: str = "x-nd-authorization, x-nd-client-unique-id") -> Any:
    asked: dict[str, Any] = {
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": method,
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": headers,
    }
    return Client().options(url, **PAGE, **asked)


@pytest.mark.parametrize(
    "url", ["/api/library", "/auth/login", "/rest/ping", "/rest/noSuch", "/api/noSuch", "/api/events"]
)
def test_a_preflight_is_answered_without_signing_in(url: str, django_assert_num_queries: Any) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"):
        with django_assert_num_queries(0):
            answer = preflight(url, method)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert method.lower() in listed(answer, "Access-Control-Allow-Methods")
        asked = {"x-nd-authorization", "x-nd-client-unique-id", "content-type", "authorization", "range", "*"}
        assert asked <= listed(answer, "Access-Control-Allow-Headers")
        assert answer["Access-Control-Max-Age"] == "86400"
        assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("get", "/api/keepalive/", 200),
        ("get", "/api/library", 401),
        ("get", "/api/noSuch", 404),
        ("post", "/auth/login", 422),
        ("get", "/rest/ping", 200),
        ("post", "/auth/createAdmin", 403),
    ],
)
def test_every_answer_can_be_read_errors_too(method: str, url: str, status: int) -> None:
    answer = getattr(Client(), method)(url, **PAGE)
    assert answer.status_code == status
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert listed(answer, "Access-Control-Expose-Headers") >= EXPOSED
    assert "Access-Control-Allow-Credentials" not in answer


def test_what_refuses_a_body_can_be_read() -> None:
    body: dict[str, Any] = {"data": b"", "content_type": "application/json"}
    long = Client().post("/api/library", **body, CONTENT_LENGTH="99999999", **PAGE)
    chunked = Client().post("/api/library", **body, CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked", **PAGE)
    assert (long.status_code, chunked.status_code) == (413, 411)
    assert {long["Access-Control-Allow-Origin"], chunked["Access-Control-Allow-Origin"]} == {"*"}


@pytest.mark.parametrize("url", ["/", "/admin/", "/admin/login/", "/apiary", "/restful", "/static/admin/css/base.css"])
def test_pages_are_for_our_own_origin(url: str) -> None:
    for answer in (Client().get(url, **PAGE), preflight(url)):
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_a_page_of_another_server_signs_in_and_reads(admin: User) -> None:
    body = {"username": "admin", "password": PASSWORD}
    token = Client().post("/auth/login", body, content_type="application/json", **PAGE).json()["token"]
    answer = Client().get("/api/library", HTTP_X_ND_AUTHORIZATION=f"Bearer {token}", **PAGE)
    assert (answer.status_code, answer["X-Total-Count"]) == (200, "0")
    assert answer["X-ND-Authorization"]
    made = {"userName": "bea", "name": "Bea", "password": "a long password"}
    bearer: dict[str, Any] = {"HTTP_X_ND_AUTHORIZATION": f"Bearer {token}"}
    assert Client().post("/api/user", made, content_type="application/json", **bearer, **PAGE).status_code == 201


def test_a_cookie_opens_nothing_to_it(admin: User) -> None:
    session = Client()
    session.force_login(admin)
    cookies: list[tuple[Client, dict[str, Any]]]
    cookies = [(session, {}), (Client(), {"HTTP_COOKIE": f"jwt={tokens.issue(admin)}"})]
    for client, cookie in cookies:
        answer = client.post("/api/user", {"userName": "eve"}, content_type="application/json", **cookie, **PAGE)
        assert answer.status_code == 403
        # what a GET says stays in the browser: a star does not count for a request with cookies
        read = client.get("/api/user", **cookie, **PAGE)
        assert (read["Access-Control-Allow-Origin"], "Access-Control-Allow-Credentials" in read) == ("*", False)
    assert not User.objects.filter(username="eve").exists()


def test_a_proxy_that_signs_people_in_does_not_do_so_for_other_pages(member: User, configure: Configure) -> None:
    configure(reverse_proxy_user_header="Remote-User", trusted_proxies=("10.0.0.0/8",))
    proxy: dict[str, Any] = {"HTTP_REMOTE_USER": "member", "REMOTE_ADDR": "10.0.0.1"}
    url = f"/api/user/{member.pk}"
    assert Client().get(url, **proxy).status_code == 200
    assert Client().get(url, HTTP_ORIGIN="http://testserver", **proxy).status_code == 200
    for origin in ("https://player.example", "null", "http://testserver:81"):
        assert Client().get(url, HTTP_ORIGIN=origin, **proxy).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_SEC_FETCH_SITE": "same-site"},
        {"HTTP_ORIGIN": "http://evil.example"},
        {"HTTP_ORIGIN": "null"},
        {"HTTP_ORIGIN": "http://testserver", "HTTP_SEC_FETCH_SITE": "cross-site"},
    ],
)
def test_a_page_of_another_server_does_not_create_the_first_admin(headers: dict[str, Any]) -> None:
    body = '{"username": "eve", "password": "a long password"}'
    for content_type in ("text/plain", "application/json"):
        answer = Client().post("/auth/createAdmin", body, content_type=content_type, **headers)
        assert answer.status_code == 403
        assert answer.json() == {"error": "A page of another server cannot create the first account."}
    assert not User.objects.exists()


@pytest.mark.parametrize("headers", [{}, {"HTTP_SEC_FETCH_SITE": "same-origin"}, {"HTTP_ORIGIN": "http://localhost"}])
def test_our_own_page_and_a_program_do(headers: dict[str, Any]) -> None:
    body = '{"username": "ada", "password": "a long password"}'
    client = Client(HTTP_HOST="localhost")
    assert client.post("/auth/createAdmin", body, content_type="application/json", **headers).status_code == 200
    assert User.objects.get().is_superuser


def test_the_option_narrows_it(settings: Settings) -> None:
    settings.CORS_ALLOW_ALL_ORIGINS = False
    settings.CORS_ALLOWED_ORIGINS = conf.load(
        {"ND_CORSORIGINS": "https://Player.example, http://[::1]:8080"}
    ).cors_origins
    url = "/api/keepalive/"
    answer = Client().get(url, **PAGE)
    assert (answer["Access-Control-Allow-Origin"], answer["Vary"]) == ("https://player.example", "origin")
    assert preflight(url)["Access-Control-Allow-Origin"] == "https://player.example"
    for other in ("https://player.example:8443", "http://player.example", "https://evil.player.example", "null"):
        assert "Access-Control-Allow-Origin" not in Client().get(url, HTTP_ORIGIN=other)


def test_values_of_the_option() -> None:
    assert conf.load({}).cors_origins == ("*",)
    assert conf.load({"ND_CORSORIGINS": "none"}).cors_origins == ()
    taken = conf.load({"ND_CORSORIGINS": "https://a.example , http://localhost:4173"}).cors_origins
    assert taken == ("https://a.example", "http://localhost:4173")


@pytest.mark.parametrize(
    "value",
    ["https://a.example/", "https://a.example/path", "ftp://a", "https://", "https://a:99999", "*, https://a", "a b",
     "https://me@a.example", "null", "https://*.example"],
)  # fmt: skip
def test_nonsense_is_refused_at_start(value: str) -> None:
    with pytest.raises(conf.ConfigError, match=r"ND_CORSORIGINS: must be origins"):
        conf.load({"ND_CORSORIGINS": value})
