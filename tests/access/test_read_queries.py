"""An address is asked again with each query that it reads something of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from rest_framework.test import APIClient

from subsonic import dispatch
from tests.access.read_params import NotedParams, NotedValues
from tests.access.read_queries import NotedMeta, NotedQuery, ReadQueries
from tests.conftest import PASSWORD
from users.models import User


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


def test_what_a_method_reads_is_noted(member: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "Params", NotedParams)
    for method, names in (("getAlbum", {"id"}), ("getMusicFolders", set()), ("getAlbumList2", {"type"})):
        Client().get(f"/rest/{method}", {"u": "member", "p": PASSWORD, "v": "1.16.1", "c": "test", "a": "b"})
        own = {"u", "p", "t", "s", "c", "v", "f", "apiKey", "jwt", "callback"}
        assert NotedParams.last.names - own == names
        assert NotedParams.last.may_matter({"id": "x"}) is (method == "getAlbum")
        assert not NotedParams.last.may_matter({"a": "c"})


def test_a_method_that_looks_at_all_its_parameters_is_noted() -> None:
    looks: list[Callable[[NotedValues], Any]] = [len, list, dict, bool, lambda values: list(values.items())]
    for look in looks:
        noted = NotedValues({"a": ["b"]})
        look(noted)
        assert noted.may_matter({"x": 1})
