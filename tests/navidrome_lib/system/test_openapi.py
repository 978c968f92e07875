"""The OpenAPI document and its page."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from drf_spectacular.validation import validate_schema

pytestmark = pytest.mark.django_db


@pytest.fixture
def document() -> dict[str, Any]:
    return dict(yaml.safe_load(Client().get("/api/schema/").content))


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
    assert schema["properties"]["ids"]["items"] == {"type": "string"}
    assert not any(name.startswith("x-") for name in operation)
    deletes = [paths["delete"] for paths in document["paths"].values() if "delete" in paths]
    assert sum("requestBody" in each for each in deletes) == 1


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
