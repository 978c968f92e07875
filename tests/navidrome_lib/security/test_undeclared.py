"""A proxy that no option names is noticed once: in the log, in health for admins, and on the dashboard."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from navidrome_lib.security import undeclared
from tests.conftest import Configure

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

LOGGER = "navidrome_lib.security.undeclared"


def pass_on(peer: str, **headers: Any) -> None:
    """One request that came through `peer`."""
    headers = headers or {"HTTP_X_FORWARDED_FOR": "203.0.113.5"}
    assert Client().get("/api/keepalive/", REMOTE_ADDR=peer, **headers).status_code == 200


def told(client: APIClient) -> dict[str, Any]:
    check: dict[str, Any] = client.get("/api/health").json()["checks"]["proxy"]
    return check


def test_it_is_logged_once_with_the_value_to_set(configure: Configure, caplog: pytest.LogCaptureFixture) -> None:
    configure(trusted_proxies=("10.0.0.0/8",))
    for _ in range(3):
        pass_on("172.18.0.2")
    pass_on("172.18.0.3", HTTP_X_FORWARDED_PROTO="https")
    pass_on("172.18.0.4", HTTP_X_REAL_IP="203.0.113.5")
    pass_on("10.1.2.3")
    said = [record.getMessage() for record in caplog.records if record.name == LOGGER]
    assert len(said) == 3
    assert "ND_TRUSTEDPROXIES=10.0.0.0/8,172.18.0.2 " in said[0]
    assert "ND_TRUSTEDPROXIES=10.0.0.0/8,172.18.0.3 " in said[1]


def test_admins_are_told_until_it_is_declared(
    as_admin: APIClient, as_member: APIClient, site: Client, configure: Configure
) -> None:
    assert told(as_admin)["ok"] is True
    title = "Requests come through a proxy that is not declared"
    assert title not in site.get("/admin/").content.decode()
    before = as_admin.get("/api/health").json()["status"]
    pass_on("172.18.1.2")
    check = told(as_admin)
    assert check["ok"] is False
    assert "ND_TRUSTEDPROXIES=172.18.1.2 " in check["detail"]
    page = site.get("/admin/").content.decode()
    assert (page.count(title), "ND_TRUSTEDPROXIES=172.18.1.2 " in page) == (1, True)
    # any client can send such a header: no verdict depends on it, and only admins see the address
    assert as_admin.get("/api/health").json()["status"] == before
    assert "172.18.1.2" not in as_member.get("/api/health").content.decode()
    configure(trusted_proxies=("172.18.0.0/16",))
    assert told(as_admin)["ok"] is True


def test_a_socket_is_named_as_the_option_takes_it(as_admin: APIClient, configure: Configure) -> None:
    pass_on("")
    assert "ND_TRUSTEDPROXIES=@ " in told(as_admin)["detail"]
    configure(trusted_proxies=("@",))
    assert told(as_admin)["ok"] is True


def test_strangers_push_no_proxy_out(as_admin: APIClient, caplog: pytest.LogCaptureFixture) -> None:
    pass_on("172.18.2.2")
    for number in range(40):
        pass_on(f"8.8.4.{number}")
    assert undeclared.undeclared() == ["172.18.2.2"]
    said = [record for record in caplog.records if record.name == LOGGER]
    assert len(said) <= 1 + undeclared.MOST_TOLD


def test_no_header_is_nothing(as_admin: APIClient) -> None:
    assert Client().get("/api/keepalive/", REMOTE_ADDR="172.18.3.2").status_code == 200
    assert told(as_admin)["ok"] is True
