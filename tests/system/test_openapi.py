"""The OpenAPI document and its page."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import yaml
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from django.urls.base import set_script_prefix
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from system.schema_view import make_document
from tests.conftest import Configure

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


URL = "/api/schema/"
ANYBODY = {
    "/api/keepalive/", "/api/health", "/api/health/live", "/api/translation", "/auth/login", "/auth/createAdmin",
}  # fmt: skip


@pytest.fixture
def document() -> dict[str, Any]:
    return dict(Client().get(URL, {"format": "json"}).json())


def fields_of(document: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(document["components"]["schemas"][name]["properties"])


def operations_of(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield path, method, operation


def test_it_is_valid_and_complete(tmp_path: Any) -> None:
    """A view that says too little about itself is a warning, and that fails."""
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


def test_the_documented_addresses_are_in_it(document: dict[str, Any]) -> None:
    validate_schema(document)  # type: ignore[no-untyped-call]
    documented = {
        "/api/library": {"get", "post"},
        "/api/library/{id}": {"get", "put", "patch", "delete"},
        "/api/user/{id}/library": {"get", "put"},
        "/api/missing": {"get", "delete"},
        "/api/missing/purge": {"get"},
        "/api/missing/purge/{id}/undo": {"post"},
        "/api/keepalive/": {"get"},
        "/api/insights/": {"get"},
        "/api/config": {"get"},
        "/api/inspect": {"get"},
        "/auth/login": {"post"},
        "/auth/createAdmin": {"post"},
    }
    for path, methods in documented.items():
        assert methods <= set(document["paths"][path]), path


def test_the_body_of_a_delete_is_documented(document: dict[str, Any]) -> None:
    operation = document["paths"]["/api/missing"]["delete"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert schema["properties"]["ids"]["items"] == {"type": "string", "pattern": r"[^\s,]"}
    assert not any(name.startswith("x-") for name in operation)
    deletes = [paths["delete"] for paths in document["paths"].values() if "delete" in paths]
    assert sum("requestBody" in each for each in deletes) == 1


@pytest.mark.parametrize(
    ("query", "accept", "is_json"),
    [
        ("", "", False),
        ("", "*/*", False),
        ("", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("", "application/json", True),
        ("", "application/vnd.oai.openapi+json", True),
        ("", "application/yaml, application/json;q=0.5", False),
        ("?format=json", "application/yaml", True),
        ("?format=yaml", "application/json", False),
        ("?format=xml", "application/json", True),
    ],
)
def test_it_is_yaml_or_json_as_the_client_asks(query: str, accept: str, is_json: bool) -> None:
    answer = Client().get(f"{URL}{query}", headers={"accept": accept})
    assert answer["Content-Type"] == ("application/json" if is_json else "application/vnd.oai.openapi")
    assert "Accept" in answer["Vary"]
    document = json.loads(answer.content) if is_json else yaml.load(answer.content, yaml.CSafeLoader)
    assert document["openapi"].startswith("3.")


def test_it_is_made_once_and_sent_again_only_when_it_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Client().get(URL)
    monkeypatch.setattr(SchemaGenerator, "get_schema", None)  # to make it again would be a TypeError
    assert Client().get(URL).content == first.content
    again = Client().get(URL, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert Client().get(URL, {"format": "json"}, headers={"if-none-match": first["ETag"]}).status_code == 200


def test_several_who_ask_at_once_wait_for_one_document(monkeypatch: pytest.MonkeyPatch) -> None:
    make_document.cache_clear()
    generations: list[int] = []
    get_schema: Any = SchemaGenerator.get_schema

    def count(*args: Any, **kwargs: Any) -> Any:
        generations.append(threading.get_ident())
        return get_schema(*args, **kwargs)

    monkeypatch.setattr(SchemaGenerator, "get_schema", count)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: Client().get(URL, {"format": "json"}), range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len(generations) == 1


def test_ids_of_libraries_are_what_the_server_writes(document: dict[str, Any], configure: Configure) -> None:
    assert fields_of(document, "Library")["id"]["type"] == "string"
    configure(numeric_library_ids=True)
    changed = Client().get(URL, {"format": "json"}).json()
    assert fields_of(changed, "Library")["id"]["type"] == "integer"
    assert fields_of(changed, "ScanChange")["fromLibraryId"] == {"type": "integer", "nullable": True, "readOnly": True}


def test_addresses_start_with_the_path_that_the_server_is_below() -> None:
    set_script_prefix("/music/")
    try:
        below = Client().get(URL, {"format": "json"}).json()
    finally:
        set_script_prefix("/")
    assert below["servers"] == [{"url": "/music"}]
    assert "servers" not in Client().get(URL, {"format": "json"}).json()


def test_every_way_to_sign_in_is_enough_by_itself(document: dict[str, Any]) -> None:
    for path, method, operation in operations_of(document):
        ways = operation["security"] if path not in ANYBODY else []
        assert all(len(way) == 1 for way in ways), f"{method} {path}"
        if path not in ANYBODY:
            names = {name for way in ways for name in way}
            assert names == {"bearer", "navidromeHeader", "jwtQuery", "jwtCookie", "session", "reverseProxy"}


def test_every_operation_has_its_refusals(document: dict[str, Any]) -> None:
    for path, method, operation in operations_of(document):
        answers, name = operation["responses"], f"{method} {path}"
        refusals = {code for code in answers if code >= "400"}
        if path not in ANYBODY:
            assert {"401", "503"} <= refusals, name
        if path not in ANYBODY and method != "get":
            assert "403" in refusals, name
        if "requestBody" in operation:
            assert {"400", "411", "413"} <= refusals, name
        if "{" in path:
            assert "404" in refusals, name
        for code in refusals - ({"503"} if path == "/api/health" else set()):
            schema = answers[code]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Error"}, name
    assert {"401", "413", "422", "429", "503"} <= set(document["paths"]["/auth/login"]["post"]["responses"])


def test_removals_answer_with_a_body(document: dict[str, Any]) -> None:
    removals = {path: operation for path, method, operation in operations_of(document) if method == "delete"}
    assert {"/api/missing", "/api/scan/{id}", "/api/user/{id}", "/api/library/{id}", "/api/apikey/{id}"} <= set(
        removals
    )
    # as Navidrome's server does, with which clients of it were made
    assert set(removals.pop("/api/queue")["responses"]) >= {"204"}
    for path, operation in removals.items():
        assert "204" not in operation["responses"], path
        assert operation["responses"]["200"]["content"]["application/json"]["schema"], path


@pytest.mark.parametrize("path", ["/auth/login", "/auth/createAdmin"])
def test_signing_in_takes_json_or_a_form(document: dict[str, Any], path: str) -> None:
    body = document["paths"][path]["post"]["requestBody"]["content"]
    assert set(body) == {"application/json", "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("name", "nullable"),
    [
        ("Library", {"missingRetentionDays", "nextScanTime", "offlineSince", "lastScanTime", "lastScanAt",
                     "lastScanStartedAt"}),
        ("User", {"lastLoginAt", "lastAccessAt"}),
        ("ApiKey", {"libraryIds", "expiresAt", "lastUsedAt"}),
        ("Purge", {"undoneAt"}),
        ("Scan", {"approves", "filesTotal", "started", "finished", "heartbeat", "eta", "progress"}),
        ("Problem", {"resolved"}),
        ("MissingFile", set()),
    ],
)  # fmt: skip
def test_what_may_be_null_is_declared(document: dict[str, Any], name: str, nullable: set[str]) -> None:
    assert {key for key, field in fields_of(document, name).items() if field.get("nullable")} == nullable


def test_every_operation_says_what_it_does(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("description"), f"{method} {path}"
            good = [code for code in operation["responses"] if code.startswith("2")]
            assert good, f"{method} {path}"


def test_the_page_needs_no_other_host() -> None:
    page = Client().get("/api/docs/")
    assert page.status_code == 200
    text = page.content.decode()
    assets = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert any(name.endswith("swagger-ui-bundle.js") for name in assets)
    for address in assets:
        assert address.startswith("/"), address
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/")), address
            assert Client().get(address).status_code == 200
