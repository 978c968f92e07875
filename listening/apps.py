"""What people add to the catalog: favourites, ratings, plays, playlists, queues, bookmarks, shares and radios."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from libraries.signals import albums_became, tracks_became


class ListeningConfig(AppConfig):
    name = "listening"
    verbose_name = _("Listening")

    def ready(self) -> None:
        """Follow what becomes of the catalog."""
        from listening.services import survival  # noqa: PLC0415 - models exist once the apps are loaded

        tracks_became.connect(survival.follow_tracks, dispatch_uid="listening")
        albums_became.connect(survival.follow_albums, dispatch_uid="listening")
