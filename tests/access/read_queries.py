"""What an address reads of its query: with other values of what it does not read, it answers the same again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qsl

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.test import Client, override_settings

# no address knows it; a query with nothing in it is another matter, as its truth value shows
UNKNOWN: Final = "unknown=1"


class NotedQuery(QueryDict):
    """A query that notes which names were looked for, and whether all of it was looked at."""

    def __init__(self, *text: Any, **options: Any) -> None:
        self.names: set[str] = set()
        self.whole = False
        super().__init__(*text, **options)
        self.names.clear()
        self.whole = False

    def __bool__(self) -> bool:
        return super().__len__() > 0


def _of_one(name: str) -> Callable[..., Any]:
    def read(self: NotedQuery, key: str, *others: Any) -> Any:
        self.names.add(key)
        return getattr(super(NotedQuery, self), name)(key, *others)

    return read


def _of_all(name: str) -> Callable[..., Any]:
    def read(self: NotedQuery, *others: Any, **named: Any) -> Any:
        self.whole = True
        return getattr(super(NotedQuery, self), name)(*others, **named)

    return read


for _name in ("__getitem__", "__contains__", "get", "getlist"):
    setattr(NotedQuery, _name, _of_one(_name))
for _name in (
    "__iter__", "__len__", "__eq__", "__ne__", "__copy__", "__deepcopy__", "__repr__", "__str__", "__or__", "__ror__",
    "copy", "dict", "items", "keys", "lists", "urlencode", "values",
):  # fmt: skip
    setattr(NotedQuery, _name, _of_all(_name))


class NotedMeta(dict[str, Any]):
    """The headers of a request, with the text of the query that is noted as read as a whole."""

    def __init__(self, headers: dict[str, Any], query: NotedQuery) -> None:
        super().__init__(headers)
        self._query = query

    def __getitem__(self, key: str) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._note(key)
        return super().get(key, default)

    def _note(self, key: str) -> None:
        if key == "QUERY_STRING":
            self._query.whole = True


def noted(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, the first of all."""

    def middleware(request: Any) -> HttpResponse:
        request.GET = NotedQuery(request.META["QUERY_STRING"], encoding=request.encoding)
        request.META = request.environ = NotedMeta(request.META, request.GET)
        return get_response(request)

    return middleware


class ReadQueries:
    """Asks each path once what it reads, by `ask`, which looks at the answer as at every other one and returns it.

    A crawl may then leave out the queries of which an address reads nothing.
    """

    def __init__(self, client: Client, ask: Callable[[str], HttpResponseBase]) -> None:
        self._ask = ask
        self._known: dict[str, NotedQuery] = {}
        with override_settings(MIDDLEWARE=[f"{__name__}.noted", *settings.MIDDLEWARE]):
            client.handler.load_middleware()

    def differs(self, url: str) -> bool:
        """Whether the address may answer this query otherwise than a query of which it knows nothing."""
        path, _, query = url.partition("?")
        if not query:
            return True
        if path not in self._known:
            answer: Any = self._ask(f"{path}?{UNKNOWN}")
            self._known[path] = answer.wsgi_request.GET
        read = self._known[path]
        return read.whole or any(name in read.names for name, _ in parse_qsl(query, keep_blank_values=True))
