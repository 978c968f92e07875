"""The time zone of a person: in it pages show times, while answers of the API are in UTC."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from users.models import User

# what people look for; the other names stand for the same zones, as they were called before
AREAS: Final = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)
PAGES: Final = ("account", "setup")
# set for requests whose pages show times in another zone
ACTIVATED: Final = "navidrome_lib.time_zone"


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """The names of the zones that can be chosen, such as `Europe/Berlin`, in order."""
    return tuple(sorted(name for name in available_timezones() if name.partition("/")[0] in AREAS))


def zone_choices() -> list[tuple[str, str]]:
    """The choices of a form, UTC first."""
    return [("", _("UTC")), *((name, name.replace("_", " ")) for name in zone_names())]


def zone_of(user: User) -> ZoneInfo | None:
    """The zone that a person chose; None without one, and for one that this machine does not know."""
    try:
        return ZoneInfo(user.time_zone) if user.time_zone else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


class PagesInOwnTimeZone:
    """Middleware: the account page and the admin site show times in the zone of who looks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self.get_response(request)
        finally:
            # what is activated for the view ends with its request; most requests are not of pages
            if request.META.pop(ACTIVATED, False):
                timezone.deactivate()

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        match = request.resolver_match
        if match is None or not ("admin" in match.app_names or (match.url_name or "").startswith(PAGES)):
            return
        zone = zone_of(request.user) if isinstance(request.user, User) else None
        if zone is not None:
            request.META[ACTIVATED] = True
            timezone.activate(zone)
