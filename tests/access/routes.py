"""Every route of the server, read from the URL map itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

from tests.support.sharing import THOROUGH

# it reads no parameter of lists, and takes half a second to make: asked with every query in a thorough run only
READS_NO_QUERY = () if THOROUGH else ("/api/schema/",)


def routes() -> list[str]:
    """Each route once, as a template: `/api/user/{pk}/library`."""
    return sorted(set(walk(get_resolver().url_patterns, "/")))


def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
    for pattern in patterns:
        path = prefix + template(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, path)
        else:
            yield path


def template(pattern: str) -> str:
    """A route without the marks of its notation; the last slash is optional and not shown."""
    path = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"{\1}", pattern)
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)
    path = re.sub(r"\(\?:/[^)]*\)\?", "", path)  # whatever may follow
    return path.replace("(?:\\.view)?", "").replace("/?", "").replace("\\Z", "").strip("^$").replace("\\.", ".")
