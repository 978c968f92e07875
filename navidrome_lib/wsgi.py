"""The WSGI application; it answers below `ND_BASEURL` whether or not the proxy in front strips that prefix."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import django
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest, get_bytes_from_wsgi
from django.core.signals import request_finished, request_started
from django.db import reset_queries
from django.http import QueryDict
from django.http.request import HttpHeaders
from django.utils.datastructures import MultiValueDict
from django.utils.functional import cached_property
from django.utils.log import log_response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from django.http import HttpRequest, HttpResponse
    from django.urls import ResolverMatch

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "navidrome_lib.settings")

# addresses whose views are known; any name below `/rest` is an address
MOST_ADDRESSES: Final = 512


def leave_out_receivers() -> None:
    """Have no request do what Django does for debugging, for caches with connections, and for other sets of addresses.

    Ours have none.
    """
    request_started.disconnect(reset_queries)
    request_finished.disconnect(close_caches)
    request_finished.disconnect(reset_urlconf)


class Query(QueryDict):
    """Parameters as those of Django, which calls six functions for each to fill itself."""

    def appendlist(self, key: Any, value: Any) -> None:
        lists: Any = super(MultiValueDict, self)
        if not self._mutable or type(key) is not str or type(value) is not str:
            super().appendlist(key, value)
        elif (known := lists.get(key)) is not None:
            known.append(value)
        else:
            lists.__setitem__(key, [value])


class Headers(Mapping[str, str]):
    """Headers by their names, in any case. Each is looked up by itself: Django reads all of them for the first."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        found: str = self._environ[HttpHeaders.to_wsgi_name(name)]
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(HttpHeaders(self._environ))

    def __len__(self) -> int:
        return len(HttpHeaders(self._environ))


class Request(WSGIRequest):
    """A request whose parameters are read in half the time, and whose headers one by one."""

    @cached_property
    def headers(self) -> Headers:  # type: ignore[override]
        return Headers(self.META)

    @cached_property
    def GET(self) -> QueryDict:  # type: ignore[override]  # noqa: N802 - the name is Django's
        return Query(get_bytes_from_wsgi(self.environ, "QUERY_STRING", ""), encoding=self.encoding)


class Handler(WSGIHandler):
    """Knows the views of addresses that were asked for before: to look through all patterns takes a tenth of a request.

    Of addresses with an id in them there is no end: these are looked up each time.
    """

    request_class = Request

    def __init__(self) -> None:
        super().__init__()
        self._matches: dict[str, ResolverMatch] = {}

    def get_response(self, request: HttpRequest) -> HttpResponse:
        """As Django's, which first sets for this thread whose addresses these are: there is one set of them."""
        handler: Any = self
        response: HttpResponse = handler._middleware_chain(request)
        response._resource_closers.append(request.close)  # type: ignore[attr-defined]
        if response.status_code >= 400:
            log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request)
        return response

    def resolve_request(self, request: HttpRequest) -> Any:
        """Which view answers a request."""
        match = self._matches.get(request.path_info)
        if match is None:
            match = super().resolve_request(request)
            if not match.args and not match.kwargs:
                if len(self._matches) >= MOST_ADDRESSES:
                    self._matches.clear()
                self._matches[request.path_info] = match
        request.resolver_match = match
        return match


django.setup(set_prefix=False)
django_application = Handler()

from django.conf import settings  # noqa: E402 - the settings exist once Django is set up


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer one request."""
    prefix = settings.FORCE_SCRIPT_NAME or ""
    path = environ.get("PATH_INFO", "")
    if prefix and (path == prefix or path.startswith(prefix + "/")):
        environ["PATH_INFO"] = path[len(prefix) :] or "/"
    return django_application(environ, start_response)
