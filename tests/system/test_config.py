"""`GET /api/config/*`."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from navidrome_lib.config.option import MASK
from tests.conftest import Configure

pytestmark = pytest.mark.django_db

SECRET = "postgres://somebody:hunter2@db/music"


@pytest.fixture
def shown(configure: Configure) -> None:
    configure(dev_ui_show_config=True, database_url=SECRET, redis_url="redis://:hunter2@cache/0")


@pytest.mark.parametrize("who", ["as_anonymous", "as_member", "as_admin"])
@pytest.mark.parametrize("path", ["/api/config", "/api/config/", "/api/config/scanner"])
def test_without_the_flag_it_does_not_exist(request: pytest.FixtureRequest, who: str, path: str) -> None:
    response = request.getfixturevalue(who).get(path)
    assert (response.status_code, response.json()) == (404, {"error": "Not found."})


@pytest.mark.parametrize(("who", "status"), [("as_anonymous", 401), ("as_member", 403), ("as_outsider", 403)])
def test_with_the_flag_it_is_for_admins(request: pytest.FixtureRequest, shown: None, who: str, status: int) -> None:
    for path in ("/api/config/", "/api/config/nothing"):
        assert request.getfixturevalue(who).get(path).status_code == status


@pytest.mark.parametrize("path", ["/api/config", "/api/config/", "/api/config/*", "/api/config/config"])
def test_all_options(as_admin: APIClient, shown: None, path: str) -> None:
    response = as_admin.get(path)
    assert response.status_code == 200
    answer = response.json()
    assert set(answer) == {"id", "configFile", "config"}
    assert (answer["id"], answer["configFile"]) == ("config", "")
    config = answer["config"]
    assert config["devUiShowConfig"] is True
    assert config["port"] == 4533
    assert config["scanner"]["fileTimeout"] == 10
    assert (config["databaseUrl"], config["redisUrl"]) == (MASK, MASK)
    assert "hunter2" not in response.content.decode()


def test_a_secret_that_is_not_set_is_empty(as_admin: APIClient, configure: Configure) -> None:
    configure(dev_ui_show_config=True, database_url="")
    assert as_admin.get("/api/config/databaseUrl").json()["config"] == ""


def test_a_part(as_admin: APIClient, shown: None) -> None:
    whole = as_admin.get("/api/config/").json()["config"]
    assert as_admin.get("/api/config/scanner").json()["config"] == whole["scanner"]
    assert as_admin.get("/api/config/scanner/workers/").json()["config"] == whole["scanner"]["workers"]
    assert as_admin.get("/api/config/databaseUrl").json()["config"] == MASK


@pytest.mark.parametrize("part", ["nothing", "scanner/nothing", "port/4533", "__class__", "scanner//workers", "%00"])
def test_a_part_that_does_not_exist(as_admin: APIClient, shown: None, part: str) -> None:
    assert as_admin.get(f"/api/config/{part}").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_it_cannot_be_changed(as_admin: APIClient, shown: None, method: str) -> None:
    assert getattr(as_admin, method)("/api/config/").status_code == 405
