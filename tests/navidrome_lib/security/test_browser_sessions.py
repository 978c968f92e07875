"""Requests of clients have no session of a browser, and no work for one."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from navidrome_lib.security.browser_sessions import Accounts, Messages, Sessions, has_session
from users.models import User

COOKIE = settings.SESSION_COOKIE_NAME


@pytest.mark.parametrize(
    ("path", "cookies", "expected"),
    [
        ("/rest/ping", {}, False),
        ("/api/song", {"nd-device": "1", "jwt": "2"}, False),
        ("/api/song", {"jwt": "2", COOKIE: "3"}, True),
        ("/rest/ping", {COOKIE: ""}, True),
        ("/admin/", {}, True),
        ("/share/1", {}, True),
        ("/auth/login", {}, True),
        ("/apiary", {}, True),
    ],
)
def test_which_requests_have_one(path: str, cookies: dict[str, str], expected: bool) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        names = {name: hasattr(request, name) for name in ("session", "user", "_messages")}
        assert names == dict.fromkeys(names, expected)
        return HttpResponse("answered")

    request = RequestFactory().get(path)
    request.META["HTTP_COOKIE"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    assert has_session(request) is expected
    assert Sessions(Accounts(Messages(view)))(request).content == b"answered"


@pytest.mark.django_db
def test_a_page_of_this_server_asks_with_its_session(client: Client, admin: User) -> None:
    own = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    assert client.get("/api/user", headers=own).status_code == 401
    client.force_login(admin)
    answer = client.get("/api/user", headers=own)
    assert answer.status_code == 200
    assert admin.username in {user["userName"] for user in answer.json()}
