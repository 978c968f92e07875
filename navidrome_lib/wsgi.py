"""The WSGI application; it answers below `ND_BASEURL` whether or not the proxy in front strips that prefix."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "navidrome_lib.settings")

django_application = get_wsgi_application()

from django.conf import settings  # noqa: E402 - the settings exist once Django is set up


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer one request."""
    prefix = settings.FORCE_SCRIPT_NAME or ""
    path = environ.get("PATH_INFO", "")
    if prefix and (path == prefix or path.startswith(prefix + "/")):
        environ["PATH_INFO"] = path[len(prefix) :] or "/"
    return django_application(environ, start_response)
