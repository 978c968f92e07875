"""Requests as production handles them: views of addresses that were asked for before, and parameters."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import Http404, QueryDict
from django.http.request import HttpHeaders
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from navidrome_lib.wsgi import MOST_ADDRESSES, Handler, Headers, Query, Request

REQUESTS = RequestFactory()
# what a client may send for a query
QUERIES = st.lists(st.sampled_from(["a", "b", "=", "&", "%c3%a9", "%00", "%ff", "+", ";", "\xe9", "a=1&"])).map("".join)


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


def request_with(query: str) -> Request:
    return Request({**REQUESTS.get("/rest/ping").META, "QUERY_STRING": query})


@given(QUERIES)
def test_parameters_are_those_of_django(query: str) -> None:
    raw = query.encode("latin-1")
    known, found = QueryDict(raw), request_with(query).GET
    assert list(found.lists()) == list(known.lists())
    assert list(found.items()) == list(known.items())
    assert found.urlencode() == known.urlencode()
    assert found == known == found.copy()


def test_parameters_change_in_a_copy_alone() -> None:
    found: Any = request_with("a=1&a=2&b=").GET
    with pytest.raises(AttributeError):
        found.appendlist("a", "3")
    other = found.copy()
    other.appendlist("a", "3")
    other.appendlist("c", b"4")
    assert (found.getlist("a"), other.getlist("a"), other["c"]) == (["1", "2"], ["1", "2", "3"], "4")
    assert isinstance(other, Query)


def test_more_parameters_than_a_request_may_have_are_refused() -> None:
    with pytest.raises(TooManyFieldsSent):
        assert request_with("a=1&" * (settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)).GET


@given(
    st.dictionaries(
        st.sampled_from(["HTTP_X_ONE", "HTTP_A", "CONTENT_TYPE", "CONTENT_LENGTH", "X", "HTTP_"]), st.text()
    )
)
def test_headers_are_those_of_django(environ: dict[str, str]) -> None:
    known, found = HttpHeaders(environ), Headers(environ)
    assert (dict(found), len(found)) == (dict(known), len(known))
    for name in ("X-One", "x-one", "X_ONE", "a", "A", "content-type", "Content-Length", "X", "nothing"):
        assert (found.get(name), name in found) == (known.get(name), name in known), name
    assert isinstance(request_with("").headers, Headers)


def test_a_request_ends_with_its_answer_as_with_django() -> None:
    ended: list[bool] = []

    class Ending(Request):
        def close(self) -> None:
            ended.append(True)
            super().close()

    answer = Handler().get_response(Ending({**REQUESTS.get("/nothing/here").META}))
    assert (answer.status_code, ended) == (404, [])
    answer.close()
    assert ended == [True]
