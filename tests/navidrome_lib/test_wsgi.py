"""Which view answers an address is known when it was asked for before."""

from __future__ import annotations

import pytest
from django.http import Http404
from django.test import RequestFactory

from navidrome_lib.wsgi import MOST_ADDRESSES, Handler

REQUESTS = RequestFactory()


def test_an_address_has_the_view_that_it_had_before() -> None:
    handler = Handler()
    first, again = REQUESTS.get("/rest/ping"), REQUESTS.get("/rest/ping?v=1.16.1")
    known = handler.resolve_request(first)
    assert known.url_name == "subsonic-ping"
    assert handler.resolve_request(again) is known
    assert again.resolver_match is known is first.resolver_match
    assert handler.resolve_request(REQUESTS.get("/rest/getGenres")).url_name == "subsonic-getGenres"


def test_an_id_belongs_to_its_request() -> None:
    handler = Handler()
    ids = [handler.resolve_request(REQUESTS.get(f"/api/song/{pk}")).kwargs["pk"] for pk in ("one", "other", "one")]
    assert ids == ["one", "other", "one"]
    assert not handler._matches


def test_an_address_that_is_none_is_not_kept() -> None:
    handler = Handler()
    for _ in range(2):
        with pytest.raises(Http404):
            handler.resolve_request(REQUESTS.get("/nothing/here"))
    assert not handler._matches


def test_only_so_many_are_kept() -> None:
    handler = Handler()
    for number in range(MOST_ADDRESSES + 2):
        assert handler.resolve_request(REQUESTS.get(f"/rest/no{number}")).url_name == "subsonic-unknown"
    assert 0 < len(handler._matches) <= MOST_ADDRESSES
