"""Set the actor of each request, for the audit trail."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from navidrome_lib.audit.actor import Actor, acting

# pages believe the session of a browser, those for everybody as the admin site
CHANNELS = {"rest": "rest", **dict.fromkeys(("admin", "login", "logout", "account", "setup"), "admin")}


def actor_of_request(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Record the changes of a request with its address, its channel, and the account that it is authenticated as."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        channel = CHANNELS.get(request.path_info.strip("/").split("/")[0], "api")
        address = request.META.get("REMOTE_ADDR") or ""
        # only pages believe a session by itself; the API says who it is once its rules are met
        look = (lambda: getattr(request, "user", None)) if channel == "admin" else None
        with acting(Actor(channel=channel, address=address, look=look)):
            return get_response(request)

    return middleware
