"""Each request has its actor."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from navidrome_lib.audit.actor import Actor, acting

DOORS = {"rest": "rest", "admin": "admin"}


def actor_of_request(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Changes made in this request are recorded with its address, its door, and whoever it turns out to be from."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        door = DOORS.get(request.path_info.strip("/").split("/")[0], "api")
        address = request.META.get("REMOTE_ADDR") or ""
        # only the admin site believes a session by itself; the API says who it is once its rules are met
        look = (lambda: getattr(request, "user", None)) if door == "admin" else None
        with acting(Actor(door=door, address=address, look=look)):
            return get_response(request)

    return middleware
