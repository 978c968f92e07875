"""What of the server itself needs attention, above what the libraries need."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from libraries.admin.dashboard import Attention
from libraries.admin.dashboard import add_dashboard as add_libraries
from navidrome_lib.viewer import is_admin
from system import health

ICONS = {
    "database": "database",
    "broker": "sync_problem",
    "disk": "hard_drive",
    "scheduler": "event_busy",
    "scans": "hourglass_top",
    "clock": "schedule",
    "proxy": "lan",
    "ffmpeg": "music_off",
}
TITLES = {
    "database": _("The database is not working"),
    "broker": _("Scans cannot start: the message broker is not working"),
    "disk": _("The disk is full"),
    "scheduler": _("Scheduled scans do not start: the scheduler is not running"),
    "worker": _("No worker is running"),
    "scans": _("A scan is delayed"),
    "clock": _("The clock was set by more than a day"),
    "proxy": _("Requests come through a proxy that is not declared"),
    "ffmpeg": _("Songs cannot be converted for players that need it"),
}


def add_dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the dashboard's content to the context; called by the theme."""
    context = add_libraries(request, context)
    if is_admin(request):
        context["attention"] = [*server_attention(), *context["attention"]]
    return context


def server_attention() -> list[Attention]:
    """A line for each part of the server that does not work."""
    return [
        Attention(icon=ICONS.get(name, "error"), text=str(TITLES.get(name, name)), reason=check.detail)
        for name, check in health.check_all().items()
        if not check.ok
    ]
