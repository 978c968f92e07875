"""The tab of a browser that a request comes from, as Navidrome's web client names it.

It says so in a header, which a stream of events cannot have: for that there is a cookie with the tab that asked last,
and, when the stream comes back, the id of the last event that it got.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from navidrome_lib.api.streams import TAB_DIGITS

# by its name in `META`: to make `headers` costs more than all that is done here
HEADER: Final = "HTTP_X_ND_CLIENT_UNIQUE_ID"
COOKIE: Final = "tab"
# of a page without a name; no tab has this number
NO_TAB: Final = 0
_LONGEST: Final = 100
# who looks at the audit trail later tells every tab
_KEPT_SECONDS: Final = 60


def tab_of(request: HttpRequest) -> int:
    """The number of the tab that a request comes from."""
    name = request.META.get(HEADER, "")
    if not name or len(name) > _LONGEST:
        return NO_TAB
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=6).digest()) or 1


def remember(request: HttpRequest, response: HttpResponseBase, tab: int) -> None:
    """Have the browser say which tab asked last where it opens a stream of events."""
    if tab and _number(request.COOKIES.get(COOKIE, "")) != tab:
        path = settings.SESSION_COOKIE_PATH
        response.set_cookie(COOKIE, str(tab), path=path, secure=request.is_secure(), httponly=True, samesite="Strict")


def tab_of_stream(request: HttpRequest) -> int:
    """The number of the tab that opens a stream of events."""
    last = request.headers.get("Last-Event-ID", "")
    if last:
        return _number(last[-TAB_DIGITS:]) if len(last) > TAB_DIGITS else NO_TAB
    return _number(request.COOKIES.get(COOKIE, ""))


def note(entry: Any, tab: int) -> None:
    """Keep for a short while which tab an entry of the audit trail comes from."""
    cache.set(_key(entry), tab, _KEPT_SECONDS)


def noted(entries: Collection[Any]) -> dict[Any, int]:
    """The tabs that entries of the audit trail come from, by the ids of the entries, as far as they are known."""
    found = cache.get_many([_key(entry) for entry in entries])
    return {entry: tab for entry in entries if isinstance(tab := found.get(_key(entry)), int)}


def _key(entry: Any) -> str:
    return f"tab-of-entry:{entry}"


def _number(text: str) -> int:
    return int(text) if len(text) <= TAB_DIGITS and text.isascii() and text.isdigit() else NO_TAB
