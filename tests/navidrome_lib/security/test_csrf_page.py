"""A form that is refused says why: the origin, a proxy, a hidden referrer, cookies; and names the option."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests.conftest import PASSWORD, Configure
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.alike, pytest.mark.usefixtures("admin")]

LOGIN = "/login"
ME = "http://testserver"


def send(client: Client | None = None, **headers: Any) -> str:
    """The page for a form that was refused."""
    client = client or Client(enforce_csrf_checks=True)
    token = client.get(LOGIN).cookies["csrftoken"].value
    fields = {"username": "admin", "password": PASSWORD, "csrfmiddlewaretoken": token}
    response = client.post(LOGIN, fields, **headers)
    assert (response.status_code, response["Content-Type"].partition(";")[0]) == (403, "text/html")
    page = response.content.decode()
    assert "<h1>The form was not accepted</h1>" in page
    assert "Nothing was changed." in page
    return page


def test_an_undeclared_proxy_that_ends_tls() -> None:
    page = send(HTTP_ORIGIN="https://testserver", HTTP_X_FORWARDED_PROTO="https")
    assert "The form came by HTTPS (Origin: https://testserver), but the server was asked by HTTP" in page
    assert "Set ND_TRUSTEDPROXIES to the address of the proxy" in page


def test_a_proxy_that_does_not_tell_of_tls(configure: Configure) -> None:
    page = send(HTTP_ORIGIN="https://testserver")
    assert "Have the proxy send X-Forwarded-Proto" in page
    assert "ND_TRUSTEDPROXIES" in page
    configure(trusted_proxies=("127.0.0.1/32",))
    page = send(HTTP_ORIGIN="https://testserver", HTTP_X_FORWARDED_FOR="203.0.113.5")
    assert "Have the proxy send X-Forwarded-Proto" in page
    assert "ND_TRUSTEDPROXIES" not in page


def test_a_proxy_that_changes_the_host() -> None:
    page = send(HTTP_ORIGIN="http://music.example", HTTP_X_FORWARDED_HOST="music.example")
    assert "a proxy has passed on as testserver" in page
    assert "Set ND_TRUSTEDPROXIES" in page
    page = send(HTTP_ORIGIN="http://<b>.example")
    assert "The form came from http://&lt;b&gt;.example, but the server was asked as testserver." in page
    assert "proxy_set_header Host $http_host" in page


def test_a_hidden_referrer(configure: Configure) -> None:
    said = "“Referrer-Policy: no-referrer”"
    assert said in send(HTTP_ORIGIN="null")
    configure(trusted_proxies=("127.0.0.1/32",))
    assert said in send(HTTP_X_FORWARDED_PROTO="https")


def test_no_cookie_and_an_old_page(settings: Settings) -> None:
    page = Client(enforce_csrf_checks=True).post(LOGIN, {}, HTTP_ORIGIN=ME).content.decode()
    assert "Allow cookies for this site" in page
    settings.CSRF_COOKIE_SECURE = True
    page = Client(enforce_csrf_checks=True).post(LOGIN, {}, HTTP_ORIGIN=ME).content.decode()
    assert "ND_SECURECOOKIES=true" in page
    settings.CSRF_COOKIE_SECURE = False
    client = Client(enforce_csrf_checks=True)
    client.get(LOGIN)
    page = client.post(LOGIN, {"csrfmiddlewaretoken": "x" * 64}, HTTP_ORIGIN=ME).content.decode()
    assert "load the page again" in page


def test_a_good_form_passes(admin: User, configure: Configure) -> None:
    """By the same client, once the proxy is declared."""
    configure(trusted_proxies=("127.0.0.1/32",))
    client = Client(enforce_csrf_checks=True)
    token = client.get(LOGIN).cookies["csrftoken"].value
    fields = {"username": "admin", "password": PASSWORD, "csrfmiddlewaretoken": token}
    said: dict[str, Any] = {
        "HTTP_HOST": "testserver",
        "HTTP_ORIGIN": "https://testserver",
        "HTTP_X_FORWARDED_PROTO": "https",
    }
    assert client.post(LOGIN, fields, **said).status_code == 302
