"""Settings of the admin site's theme: colours, assets and the menu."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _

from navidrome_lib.viewer import is_admin


def may_view(*permissions: str) -> Callable[[HttpRequest], bool]:
    """A menu entry's condition: the user has one of these permissions."""

    def allowed(request: HttpRequest) -> bool:
        return any(request.user.has_perm(name) for name in permissions)

    return allowed


def asset(path: str) -> Callable[[HttpRequest], str]:
    """A callable that returns the URL of a static file when a page is rendered."""
    return lambda request: static(path)


def entry(title: Any, icon: str, view: str, allowed: Callable[[HttpRequest], bool]) -> dict[str, Any]:
    """One line of the menu."""
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{view}"), "permission": allowed}


def catalog_entry(title: Any, icon: str, model: str) -> dict[str, Any]:
    """The list of one model of the catalog."""
    return entry(title, icon, f"libraries_{model}_changelist", may_view(f"libraries.view_{model}"))


def at_users(request: HttpRequest) -> bool:
    """On a page of the users, but not on that of their access, which lies below them and has an entry of its own."""
    users, access = reverse("admin:users_user_changelist"), reverse("admin:users_user_access")
    return request.path.startswith(users) and not request.path.startswith(access)


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "navidrome-lib",
    "SITE_HEADER": "navidrome-lib",
    "SITE_SYMBOL": "library_music",
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_HISTORY": True,
    "SHOW_BACK_BUTTON": True,
    "ACCOUNT": {
        "navigation": [
            {"title": _("My account"), "link": reverse_lazy("account")},
            {"title": _("Change password"), "link": reverse_lazy("admin:password_change")},
        ],
    },
    "DASHBOARD_CALLBACK": "system.dashboard.add_dashboard",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": asset("libraries/icon.svg")}],
    "STYLES": [asset("libraries/admin.css")],
    "SCRIPTS": [asset("libraries/admin.js")],
    "COLORS": {
        "primary": {
            "50": "oklch(97.7% .013 236.6)",
            "100": "oklch(95.1% .026 236.8)",
            "200": "oklch(90.1% .058 230.9)",
            "300": "oklch(82.8% .111 230.3)",
            "400": "oklch(74.6% .16 232.7)",
            "500": "oklch(62% .16 240)",
            "600": "oklch(50% .134 242.7)",
            "700": "oklch(45% .12 242.7)",
            "800": "oklch(39.1% .09 240.9)",
            "900": "oklch(33% .07 243.2)",
            "950": "oklch(29.3% .066 243.2)",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "items": [
                    {"title": _("Dashboard"), "icon": "dashboard", "link": reverse_lazy("admin:index")},
                ],
            },
            {
                "title": _("Music"),
                "separator": True,
                "items": [
                    catalog_entry(_("Libraries"), "library_music", "library"),
                    catalog_entry(_("Artists"), "artist", "artist"),
                    catalog_entry(_("Albums"), "album", "album"),
                    catalog_entry(_("Songs"), "music_note", "mediafile"),
                ],
            },
            {
                "title": _("Maintenance"),
                "separator": True,
                "items": [
                    catalog_entry(_("Scans"), "radar", "scan"),
                    catalog_entry(_("Problems"), "error", "scanproblem"),
                    entry(_("Missing files"), "search_off", "missing_missingfile_changelist", is_admin),
                    entry(_("Purges"), "delete_history", "missing_purge_changelist", is_admin),
                ],
            },
            {
                "title": _("Listening"),
                "separator": True,
                "items": [
                    entry(_("Radios"), "radio", "listening_radio_changelist", is_admin),
                    entry(_("Shares"), "share", "listening_share_changelist", is_admin),
                    entry(_("Transcodings"), "swap_horiz", "listening_transcoding_changelist", is_admin),
                ],
            },
            {
                "title": _("People"),
                "separator": True,
                "items": [
                    {**entry(_("Users"), "person", "users_user_changelist", is_admin), "active": at_users},
                    entry(_("Groups"), "group", "auth_group_changelist", is_admin),
                    entry(_("Library access"), "key_vertical", "users_user_access", is_admin),
                    entry(_("API keys"), "vpn_key", "users_apikey_changelist", is_admin),
                    entry(_("Sign-ins"), "login", "audit_signin_changelist", is_admin),
                    entry(_("Audit trail"), "history", "audit_auditentry_changelist", is_admin),
                ],
            },
        ],
    },
}
