"""An address is asked again with each query that it reads something of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from rest_framework.test import APIClient

from tests.access.read_queries import NotedMeta, NotedQuery, ReadQueries


@pytest.mark.parametrize(
    "read",
    [
        lambda query: query["a"], lambda query: query.get("a"), lambda query: query.getlist("a"),
        lambda query: "a" in query,
    ],
)  # fmt: skip
def test_what_is_looked_for_is_noted(read: Callable[[NotedQuery], Any]) -> None:
    query = NotedQuery("a=1&b=2")
    assert (query.names, query.whole, bool(query)) == (set(), False, True)
    read(query)
    assert (query.names, query.whole) == ({"a"}, False)


@pytest.mark.parametrize(
    "read",
    [
        list, len, dict, str, repr, NotedQuery.copy, NotedQuery.urlencode, NotedQuery.dict, NotedQuery.lists,
        lambda query: {**query}, lambda query: dict(query.items()), lambda query: query == {}, lambda query: query | {},
    ],
)  # fmt: skip
def test_who_looks_at_all_of_it_is_noted(read: Callable[[NotedQuery], Any]) -> None:
    query = NotedQuery("a=1")
    read(query)
    assert query.whole


def test_who_looks_at_its_text_is_noted() -> None:
    request = HttpRequest()
    query = NotedQuery("a=1")
    request.META = NotedMeta({"QUERY_STRING": "a=1", "SERVER_NAME": "x", "SERVER_PORT": "80"}, query)
    assert request.get_host() == "x"
    assert not query.whole
    assert request.get_full_path().endswith("?a=1")
    assert query.whole


def test_an_address_is_asked_once_what_it_reads(as_admin: APIClient, site: Client) -> None:
    asked = []

    def ask(client: Client) -> Callable[[str], HttpResponse]:
        return lambda url: asked.append(url) or client.get(url)  # type: ignore[func-returns-value, return-value]

    api, pages = ReadQueries(as_admin, ask(as_admin)), ReadQueries(site, ask(site))
    urls = [f"/api/user?{query}" for query in ("", "name=a", "nothing=1&_sort=name", "nothing=1")]
    assert [api.differs(url) for url in urls] == [True, True, True, False]
    assert pages.differs("/admin/libraries/library/?nothing=1")
    assert not pages.differs("/admin/?nothing=1")
    assert asked == ["/api/user?unknown=1", "/admin/libraries/library/?unknown=1", "/admin/?unknown=1"]
