"""`POST /auth/createAdmin`."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from navidrome_lib.audit.models import SignIn
from navidrome_lib.signals import serving
from tests.conftest import PASSWORD, Configure, MakeUser
from users import setup_code
from users.models import User

URL = "/auth/createAdmin"
ADA = {"username": "ada", "password": PASSWORD}
ELSEWHERE: dict[str, Any] = {"REMOTE_ADDR": "192.0.2.7", "HTTP_HOST": "192.0.2.1:4533"}


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, configure: Configure) -> Path:
    """A data folder of its own, where no code was made yet."""
    configure(data_folder=tmp_path)
    return tmp_path


@pytest.fixture
def as_anonymous(db: None) -> APIClient:
    """A program on the server's own machine."""
    return APIClient(HTTP_HOST="localhost:4533")


@pytest.mark.parametrize("url", [URL, URL + "/"])
def test_creates_the_first_admin_and_signs_in(as_anonymous: APIClient, url: str) -> None:
    response = as_anonymous.post(url, {"username": " Ada ", "password": "x y 6789"})
    assert response.status_code == 200
    body = response.json()
    assert set(body) == {"id", "name", "username", "isAdmin", "token", "subsonicSalt", "subsonicToken"}
    assert (body["username"], body["isAdmin"]) == ("Ada", True)
    user = User.objects.get()
    assert (user.username, user.is_superuser, user.is_staff) == ("Ada", True, True)
    assert user.check_password("x y 6789")
    assert user.last_login is not None
    assert as_anonymous.get("/api/user", HTTP_AUTHORIZATION=f"Bearer {body['token']}").status_code == 200


@pytest.mark.parametrize("body", [{"username": "eve", "password": "x"}, {}, [], "text"])
def test_is_closed_once_any_account_exists(as_anonymous: APIClient, make_user: MakeUser, body: object) -> None:
    make_user("somebody")
    response = as_anonymous.post(URL, body)
    assert response.status_code == 403
    assert set(response.json()) == {"error"}
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [{}, [], {"username": "", "password": PASSWORD}, {"username": "  ", "password": PASSWORD},
     {"username": "a", "password": ""}, {"username": "a" * 151, "password": PASSWORD},
     {"username": "a\nb", "password": PASSWORD}, {"username": {}, "password": 1}],
)  # fmt: skip
def test_anything_but_a_usable_account_is_422(as_anonymous: APIClient, body: object) -> None:
    assert as_anonymous.post(URL, body).status_code == 422
    assert not User.objects.exists()


def test_a_short_password_is_refused_with_the_rule(as_anonymous: APIClient) -> None:
    response = as_anonymous.post(URL, {"username": "ada", "password": "1234567"})
    assert (response.status_code, response.json()) == (
        422, {"error": "The password of an admin needs at least 8 characters."},
    )  # fmt: skip
    assert not User.objects.exists()


def test_text_plain_is_read(as_anonymous: APIClient) -> None:
    body = f'{{"username": "ada", "password": "{PASSWORD}"}}'
    assert as_anonymous.post(URL, body, content_type="text/plain;charset=UTF-8").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_racing_calls_one_creates_one_admin() -> None:
    def create(number: int) -> int:
        try:
            body = {"username": f"admin{number}", "password": PASSWORD}
            return APIClient().post(URL, body, HTTP_HOST="localhost").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(create, range(8)))
    assert sorted(codes) == [200] + [403] * 7
    assert User.objects.count() == 1


class TestHost:
    """A page can let its own name point to this server."""

    @pytest.mark.parametrize("host", ["evil.example", "evil.example:4533", "localhost.evil.example", "127.0.0.1.evil"])
    def test_a_name_that_nobody_gave_the_server_is_refused(self, as_anonymous: APIClient, host: str) -> None:
        origin = f"http://{host}"
        response = as_anonymous.post(URL, ADA, HTTP_HOST=host, HTTP_ORIGIN=origin, HTTP_SEC_FETCH_SITE="same-origin")
        assert (response.status_code, "ND_ALLOWEDHOSTS" in response.json()["error"]) == (403, True)
        assert not User.objects.exists()

    @pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:4533", "[::1]:4533", "nd.localhost"])
    def test_this_machine_needs_no_code(self, as_anonymous: APIClient, host: str) -> None:
        assert as_anonymous.post(URL, ADA, HTTP_HOST=host).status_code == 200

    def test_a_named_host_is_taken_with_the_code(self, as_anonymous: APIClient, settings: Any) -> None:
        settings.ALLOWED_HOSTS = ["*", "music.example"]
        headers: dict[str, Any] = {"HTTP_HOST": "music.example", "REMOTE_ADDR": "192.0.2.7"}
        code = setup_code.setup_code()
        assert as_anonymous.post(URL, ADA, **headers).status_code == 403
        assert as_anonymous.post(URL, ADA, HTTP_X_SETUP_CODE=code, **headers).status_code == 200


class TestSetupCode:
    """From another machine, or from what may be one."""

    @pytest.mark.parametrize(
        "request_headers",
        [
            ELSEWHERE,
            {"REMOTE_ADDR": ""},
            # a proxy on this machine that nobody declared
            {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
            {"HTTP_X_FORWARDED_PROTO": "https"},
            {"HTTP_FORWARDED": "for=192.0.2.7"},
            {"HTTP_X_REAL_IP": "192.0.2.7"},
            {"HTTP_VIA": "1.1 proxy"},
            {"SERVER_PROTOCOL": "HTTP/1.0"},
            {"HTTP_HOST": "192.0.2.1"},
        ],
    )
    def test_is_needed(self, as_anonymous: APIClient, request_headers: dict[str, Any]) -> None:
        code = setup_code.setup_code()
        refused = as_anonymous.post(URL, ADA, **request_headers)
        assert (refused.status_code, "X-Setup-Code" in refused.json()["error"]) == (403, True)
        wrong = as_anonymous.post(URL, ADA, HTTP_X_SETUP_CODE="K7QF-9XTM-2HWC", **request_headers)
        assert (wrong.status_code, User.objects.exists()) == (403, False)
        assert as_anonymous.post(URL, ADA, HTTP_X_SETUP_CODE=code, **request_headers).status_code == 200

    def test_behind_a_declared_proxy(self, as_anonymous: APIClient, configure: Configure) -> None:
        configure(trusted_proxies=("127.0.0.1",))
        assert as_anonymous.post(URL, ADA).status_code == 403
        assert as_anonymous.post(URL, ADA, HTTP_X_FORWARDED_FOR="192.0.2.7").status_code == 403

    def test_as_a_person_types_it(self, as_anonymous: APIClient) -> None:
        typed = setup_code.setup_code().lower().replace("-", " ")
        assert as_anonymous.post(URL, ADA, HTTP_X_SETUP_CODE=typed, **ELSEWHERE).status_code == 200

    def test_is_one_private_file_and_gone_with_the_first_account(
        self, data_folder: Path, db: None, django_capture_on_commit_callbacks: Any
    ) -> None:
        code = setup_code.setup_code()
        assert (setup_code.setup_code(), len(code)) == (code, 14)
        path = data_folder / "setup_code"
        assert (path.read_text(), path.stat().st_mode & 0o777) == (code, 0o600)
        with django_capture_on_commit_callbacks(execute=True):
            User.objects.create_user("ann", PASSWORD)
        assert not path.exists()

    def test_guesses_are_slowed_down_and_noted(self, as_anonymous: APIClient) -> None:
        code = setup_code.setup_code()
        for _ in range(5):
            assert as_anonymous.post(URL, ADA, HTTP_X_SETUP_CODE="guess", **ELSEWHERE).status_code == 403
        assert as_anonymous.post(URL, ADA, HTTP_X_SETUP_CODE=code, **ELSEWHERE).status_code == 429
        noted = SignIn.objects.filter(credential="set-up code", outcome="failed", address="192.0.2.7")
        assert noted.count() == 5
        elsewhere = {**ELSEWHERE, "REMOTE_ADDR": "192.0.2.8"}
        assert as_anonymous.post(URL, ADA, HTTP_X_SETUP_CODE=code, **elsewhere).status_code == 200

    def test_the_web_server_says_it_while_there_is_no_account(
        self, db: None, caplog: pytest.LogCaptureFixture, make_user: MakeUser
    ) -> None:
        with caplog.at_level(logging.WARNING, "users.setup_code"):
            serving.send(sender=None, home="http://localhost:4533")
            assert f"http://localhost:4533/setup?code={setup_code.setup_code()} " in caplog.text
            caplog.clear()
            make_user("somebody")
            serving.send(sender=None, home="http://localhost:4533")
        assert caplog.text == ""
