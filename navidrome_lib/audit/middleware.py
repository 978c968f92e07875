"""Set the actor of each request, for the audit trail."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from navidrome_lib.audit import tabs
from navidrome_lib.audit.actor import Actor, Channel, acting

# the first part of an address; all others are of the API
CHANNELS = {"rest": Channel.REST, **dict.fromkeys(("admin", "login", "logout", "account", "setup"), Channel.ADMIN)}


def actor_of_request(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Record the changes of a request with its address, its channel, and the account that it is authenticated as."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        channel = CHANNELS.get(request.path_info.strip("/").split("/")[0], Channel.API)
        address = request.META.get("REMOTE_ADDR") or ""
        # only pages believe a session by itself; the API says who it is once its rules are met
        look = (lambda: getattr(request, "user", None)) if channel == Channel.ADMIN else None
        tab = tabs.tab_of(request)
        with acting(Actor(channel=channel, address=address, tab=tab, look=look)):
            response = get_response(request)
        tabs.remember(request, response, tab)
        return response

    return middleware
