"""The content security policy: what a browser may load and run on our pages.

`docs/decisions/admin-theme.md` says why.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEADER = "Content-Security-Policy"

PAGES = "; ".join(
    (
        "default-src 'none'",
        # the theme evaluates the expressions in its templates; no script stands inside a page
        "script-src 'self' 'unsafe-eval'",
        "script-src-attr 'none'",
        # the theme writes its colours and some sizes into its pages
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
    )
)
# an answer that is not a page has nothing to load, whatever a browser takes it for
DATA = "default-src 'none'; frame-ancestors 'none'; sandbox"


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Every answer carries a policy: one for pages, one for everything else."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        kind = response.headers.get("Content-Type", "")
        response.headers.setdefault(HEADER, PAGES if kind.startswith("text/html") else DATA)
        return response

    return middleware
