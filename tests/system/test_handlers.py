"""Answers to addresses that no view has, and to our own mistakes."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

pytestmark = pytest.mark.django_db


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a bug with a secret in it")


urlpatterns = [path("api/broken", broken), path("broken", broken), path("", include("navidrome_lib.urls"))]
handler500 = "navidrome_lib.api.handlers.server_error"


@pytest.mark.parametrize("address", ["/api", "/api/", "/api/nothing", "/api/library/1/2/3", "/auth/nothing"])
@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_unknown_addresses_of_the_api_are_json(address: str, method: str) -> None:
    response = getattr(Client(), method)(address)
    assert response.status_code == 404
    assert response.json() == {"error": "Not found."}


@pytest.mark.parametrize("address", ["/nothing", "/apiary", "/<script>"])
def test_others_are_a_page(address: str) -> None:
    response = Client().get(address)
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")
    assert "<h1>Not Found</h1>" in response.content.decode()
    assert "<script>" not in response.content.decode()


@pytest.mark.urls("tests.system.test_handlers")
@pytest.mark.parametrize(("address", "kind"), [("/api/broken", "application/json"), ("/broken", "text/html")])
def test_a_bug_shows_nothing_of_itself(address: str, kind: str) -> None:
    response = Client(raise_request_exception=False).get(address)
    assert response.status_code == 500
    assert response["Content-Type"].startswith(kind)
    assert "secret" not in response.content.decode()


def test_a_foreign_host_is_refused_as_json(settings: object) -> None:
    settings.ALLOWED_HOSTS = ["music.example"]  # type: ignore[attr-defined]
    response = Client().get("/api/keepalive/", HTTP_HOST="evil.example")
    assert (response.status_code, response.json()) == (400, {"error": "The request is not valid."})
