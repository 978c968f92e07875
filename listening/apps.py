"""What people add to the catalog: favourites, ratings, plays, playlists, queues, bookmarks, shares and radios."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from libraries.signals import albums_became, scan_ended, tracks_became


class ListeningConfig(AppConfig):
    name = "listening"
    verbose_name = _("Listening")

    def ready(self) -> None:
        """Follow what becomes of the catalog, and add to its lists what the viewer has of each thing."""
        # models exist once the apps are loaded
        from libraries.catalog_api.extension import extend_by  # noqa: PLC0415
        from libraries.events.extension import tell_also  # noqa: PLC0415
        from listening.models import ServiceAccount  # noqa: PLC0415
        from listening.playlist_files import sync  # noqa: PLC0415
        from listening.services import survival  # noqa: PLC0415
        from users.app_passwords import keep_encrypted  # noqa: PLC0415
        from users.pages.sections import show_also  # noqa: PLC0415

        tracks_became.connect(survival.follow_tracks, dispatch_uid="listening")
        albums_became.connect(survival.follow_albums, dispatch_uid="listening")
        scan_ended.connect(sync.follow_scan, dispatch_uid="listening")
        extend_by("listening.additions")
        keep_encrypted(ServiceAccount, "secret")
        tell_also("listening.events.ListeningReader")
        show_also("listening.pages.services_section")
