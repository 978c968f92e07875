"""Sessions of browsers, their cookies, and answers that no cache may keep."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from tests.conftest import PASSWORD, Configure, SignIn
from users import sessions
from users.models import User

pytestmark = pytest.mark.alike
MINUTE = timedelta(minutes=1)


def sign_in_page(client: Client, **extra: object) -> None:
    form = {"username": "admin", "password": PASSWORD}
    assert client.post("/admin/login/?next=/admin/", form, **extra).status_code == 302  # type: ignore[arg-type]


class Clock:
    """The time that the server sees."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._begin, self._passed = timezone.now(), timedelta()
        patch.setattr(timezone, "now", lambda: self._begin + self._passed)

    def pass_by(self, **time: float) -> datetime:
        self._passed += timedelta(**time)
        return timezone.now()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def lasts_until() -> datetime:
    return Session.objects.get().expire_date


class TestLife:
    """A session lasts as long as a token does."""

    def test_as_long_as_the_option_says(self, admin: User, clock: Clock) -> None:
        client = Client()
        sign_in_page(client)
        assert settings.SESSION_COOKIE_AGE == settings.CONF.session_timeout == 48 * 3600
        assert abs(lasts_until() - clock.pass_by() - timedelta(hours=48)) < MINUTE
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        assert abs(int(cookie["max-age"]) - 48 * 3600) < 60

    def test_goes_on_while_it_is_used_with_few_writes(self, admin: User, clock: Clock) -> None:
        client = Client()
        sign_in_page(client)
        first = lasts_until()
        clock.pass_by(hours=1)
        client.get("/admin/")
        assert lasts_until() == first
        now = clock.pass_by(hours=40)
        client.get("/admin/")
        assert abs(lasts_until() - now - timedelta(hours=48)) < MINUTE
        clock.pass_by(hours=47)
        assert client.get("/api/user").status_code == 200  # the API renews it, too
        clock.pass_by(hours=49)
        assert client.get("/api/user").status_code == 401

    def test_ends_after_its_longest_life(self, admin: User, clock: Clock, configure: Configure) -> None:
        configure(session_max_age=100 * 3600)
        client = Client()
        sign_in_page(client)
        begin = clock.pass_by()
        for _ in range(4):
            clock.pass_by(hours=24)
            assert client.get("/admin/").status_code == 200
        assert abs(lasts_until() - begin - timedelta(hours=100)) < MINUTE
        clock.pass_by(hours=5)
        assert client.get("/admin/").status_code == 302
        sign_in_page(client)  # a new sign-in counts anew
        clock.pass_by(hours=40)
        assert client.get("/admin/").status_code == 200

    def test_a_session_of_an_earlier_version_gets_its_end(self, admin: User, site: Client) -> None:
        store = site.session
        store.pop(sessions.BEGUN)
        store.save()
        assert site.get("/admin/").status_code == 200
        assert site.session[sessions.BEGUN] > 0


class TestCookies:
    """Secure where the request came by HTTPS."""

    def test_by_https(self, admin: User) -> None:
        client = Client()
        page = client.get("/login", secure=True)
        assert page.cookies[settings.CSRF_COOKIE_NAME]["secure"]
        assert page["Strict-Transport-Security"] == f"max-age={30 * 24 * 3600}"
        sign_in_page(client, secure=True)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")

    def test_by_http(self, admin: User) -> None:
        client = Client()
        page = client.get("/login")
        sign_in_page(client)
        assert "Strict-Transport-Security" not in page
        assert not any(cookie["secure"] for cookie in client.cookies.values())

    def test_behind_a_proxy_that_ends_https(self, admin: User, configure: Configure) -> None:
        configure(trusted_proxies=("127.0.0.1",))
        page = Client().get("/login", HTTP_X_FORWARDED_PROTO="https")
        assert page.cookies[settings.CSRF_COOKIE_NAME]["secure"]
        forged = Client().get("/login", HTTP_X_FORWARDED_PROTO="https", REMOTE_ADDR="203.0.113.5")
        assert not forged.cookies[settings.CSRF_COOKIE_NAME]["secure"]

    def test_are_those_of_this_server_below_a_path(self, tmp_path: Path) -> None:
        names = [f"{cookie}_COOKIE_{what}" for cookie in ("SESSION", "CSRF") for what in ("NAME", "PATH")]
        values = f"[getattr(settings, name) for name in {names}]"
        code = f"import json; from django.conf import settings; print(json.dumps({values}))"
        environ = {**os.environ, "ND_BASEURL": "/music", "ND_DATAFOLDER": str(tmp_path)}
        out = subprocess.run([sys.executable, "-c", code], env=environ, check=True, capture_output=True).stdout
        assert json.loads(out) == ["navidrome_lib_session", "/music", "navidrome_lib_csrf", "/music"]

    def test_only_the_session_and_the_form_token_have_one(self, admin: User, site: Client) -> None:
        site.post("/admin/users/user/", {"action": "sign_out", "_selected_action": ["nobody"]}, follow=True)
        assert set(site.cookies) == {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}


class TestCaches:
    """No cache keeps what is not for everybody."""

    @pytest.mark.parametrize(
        "path",
        ["/api/user", "/api/user/x", "/api/library", "/api/keepalive/", "/api/apikey", "/api/audit", "/auth/login", "/",
         "/rest/ping", "/rest/getUser?u=a&p=b&v=1&c=t", "/admin/login/", "/admin/", "/nothing"],
    )  # fmt: skip
    def test_no_store(self, admin: User, sign_in: SignIn, path: str) -> None:
        for client in (sign_in(admin), APIClient()):
            assert "no-store" in client.get(path)["Cache-Control"], path

    def test_static_files_are_kept(self) -> None:
        assert "max-age" in Client().get("/static/libraries/admin.css")["Cache-Control"]
