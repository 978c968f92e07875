"""Behind a proxy: whose address, which scheme, and who signed in."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory
from rest_framework.test import APIClient

from navidrome_lib.audit.models import AuditEntry
from navidrome_lib.config import conf
from navidrome_lib.security.proxies import client_behind_proxies
from tests.conftest import PASSWORD, Configure, MakeUser
from users.models import User

TRUSTED = ("10.0.0.0/8", "fd00::/8")


def seen(peer: str, **headers: Any) -> tuple[str, str, str]:
    """Address, scheme and host as the rest of the server sees them."""
    found: list[Any] = []
    request = RequestFactory().get("/", REMOTE_ADDR=peer, **headers)
    client_behind_proxies(found.append)(request)  # type: ignore[arg-type]
    return request.META["REMOTE_ADDR"], str(request.scheme), request.get_host()


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.5, 10.2.3.4", "203.0.113.5"),
        ("10.0.0.1", "10.9.9.9, 10.2.3.4", "10.9.9.9"),
        ("10.0.0.1", "203.0.113.5:4711", "203.0.113.5"),
        ("fd00::1", "[2001:db8::7]:80", "2001:db8::7"),
        ("::ffff:10.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.5, nonsense", "10.0.0.1"),
        ("10.0.0.1", "evil\x00, ::::", "10.0.0.1"),
        ("203.0.113.9", "1.1.1.1", "203.0.113.9"),
        ("11.0.0.1", "10.0.0.1", "11.0.0.1"),
    ],
)
def test_the_client_is_who_no_trusted_proxy_stands_for(
    configure: Configure, peer: str, forwarded: str, client: str
) -> None:
    configure(trusted_proxies=TRUSTED)
    assert seen(peer, HTTP_X_FORWARDED_FOR=forwarded)[0] == client


def test_scheme_and_host_only_from_trusted_proxies(configure: Configure) -> None:
    said: dict[str, Any] = {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_HOST": "music.example"}
    assert seen("10.0.0.1", **said)[1:] == ("http", "testserver")
    configure(trusted_proxies=TRUSTED)
    assert seen("10.0.0.1", **said)[1:] == ("https", "music.example")
    assert seen("203.0.113.9", **said)[1:] == ("http", "testserver")


def test_a_local_socket_is_trusted_when_it_is_named(configure: Configure) -> None:
    assert seen("", HTTP_X_FORWARDED_FOR="203.0.113.5")[0] == ""
    configure(trusted_proxies=("@",))
    assert seen("", HTTP_X_FORWARDED_FOR="203.0.113.5")[0] == "203.0.113.5"


@pytest.mark.parametrize("value", ["nonsense", "10.0.0.0/99", "10.0.0.1;10.0.0.2", "10.0.0"])
def test_nonsense_is_refused_at_start(value: str) -> None:
    with pytest.raises(conf.ConfigError, match="ND_TRUSTEDPROXIES"):
        conf.load({"ND_TRUSTEDPROXIES": value})


def test_several_ways_to_write_networks() -> None:
    value = conf.load({"ND_TRUSTEDPROXIES": " 127.0.0.1, 10.1.2.3/8 ,::1,@"})
    assert value.trusted_proxies == ("127.0.0.1/32", "10.0.0.0/8", "::1/128", "@")
    with pytest.raises(conf.ConfigError, match="header"):
        conf.load({"ND_REVERSEPROXYUSERHEADER": "Remote User:"})


@pytest.mark.parametrize("networks", ["0.0.0.0/0", "::/0", "10.0.0.1, 0.0.0.0/1, 128.0.0.0/1", "@, 2000::/3"])
def test_a_network_of_strangers_names_no_user(networks: str) -> None:
    assert conf.load({"ND_TRUSTEDPROXIES": networks}).trusted_proxies
    with pytest.raises(conf.ConfigError, match="everybody in that network could sign in as anybody"):
        conf.load({"ND_TRUSTEDPROXIES": networks, "ND_REVERSEPROXYUSERHEADER": "Remote-User"})
    narrow = {"ND_TRUSTEDPROXIES": "10.0.0.0/8, fc00::/7, @", "ND_REVERSEPROXYUSERHEADER": "Remote-User"}
    assert conf.load(narrow).reverse_proxy_user_header == "Remote-User"


@pytest.mark.parametrize("name", ["Host", "host", "X-Forwarded-For", "Cookie", "User-Agent", "X-Forwarded-Host"])
def test_a_header_that_every_client_sends_names_no_user(name: str) -> None:
    with pytest.raises(conf.ConfigError, match="ND_REVERSEPROXYUSERHEADER: must be a header that only the proxy sets"):
        conf.load({"ND_REVERSEPROXYUSERHEADER": name})
    for usual in ("X-Forwarded-User", "X-Auth-Request-User", "Cf-Access-Authenticated-User-Email"):
        assert conf.load({"ND_REVERSEPROXYUSERHEADER": usual}).reverse_proxy_user_header == usual


def test_throttles_count_the_client(as_anonymous: APIClient, admin: User, configure: Configure) -> None:
    """An attacker behind the same proxy does not lock the owner out; nor can one invent addresses."""
    configure(trusted_proxies=TRUSTED)
    good, bad = ({"username": "admin", "password": text} for text in (PASSWORD, "guess"))
    for number in range(10):
        forwarded = f"1.2.3.{number}, 203.0.113.5"
        as_anonymous.post("/auth/login", bad, REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)
    answers = [
        as_anonymous.post("/auth/login", good, REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=client).status_code
        for client in ("203.0.113.5", "198.51.100.7")
    ]
    assert answers == [429, 200]


class TestSignIn:
    """A proxy that signs people in."""

    def get(self, user: User, **extra: Any) -> int:
        headers = {"HTTP_REMOTE_USER": user.username, "REMOTE_ADDR": "10.0.0.1", **extra}
        return APIClient().get(f"/api/user/{user.pk}", **headers).status_code

    def test_only_when_configured_and_only_from_trusted_proxies(self, member: User, configure: Configure) -> None:
        assert self.get(member) == 401
        configure(trusted_proxies=TRUSTED)
        assert self.get(member) == 401
        configure(reverse_proxy_user_header="Remote-User", trusted_proxies=())
        assert self.get(member) == 401
        configure(reverse_proxy_user_header="Remote-User", trusted_proxies=TRUSTED)
        assert self.get(member) == 200
        assert self.get(member, REMOTE_ADDR="203.0.113.9") == 401
        assert self.get(member, REMOTE_ADDR="203.0.113.9", HTTP_X_FORWARDED_FOR="10.0.0.1") == 401
        assert self.get(member, HTTP_X_FORWARDED_FOR="203.0.113.9") == 200

    def test_unknown_and_inactive_people_are_nobody(
        self, member: User, make_user: MakeUser, configure: Configure
    ) -> None:
        configure(reverse_proxy_user_header="Remote-User", trusted_proxies=TRUSTED)
        assert self.get(make_user("gone", is_active=False)) == 401
        assert self.get(member, HTTP_REMOTE_USER="nobody") == 401
        assert self.get(member, HTTP_REMOTE_USER="") == 401

    def test_foreign_pages_change_nothing(self, member: User, configure: Configure) -> None:
        configure(reverse_proxy_user_header="Remote-User", trusted_proxies=TRUSTED)
        headers: dict[str, Any] = {"HTTP_REMOTE_USER": "member", "REMOTE_ADDR": "10.0.0.1"}
        url = f"/api/user/{member.pk}"
        assert APIClient().put(url, {"name": "x"}, **headers).status_code == 403
        assert APIClient().put(url, {"name": "x"}, HTTP_SEC_FETCH_SITE="same-origin", **headers).status_code == 200
        assert AuditEntry.objects.latest("pk").actor == "member"
