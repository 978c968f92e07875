"""Media: what is played and shown."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_delete
from django.utils.translation import gettext_lazy as _


class MediaConfig(AppConfig):
    name = "media"
    verbose_name = _("Media")

    def ready(self) -> None:
        # models exist once Django is set up
        from libraries.catalog_api.extension import extend_by  # noqa: PLC0415
        from listening.extension import add_keys  # noqa: PLC0415
        from listening.models import Playlist, Radio  # noqa: PLC0415
        from media import playlists  # noqa: PLC0415
        from media.covers.mosaics import register_mosaic  # noqa: PLC0415
        from media.downloads.collections import register_collection  # noqa: PLC0415
        from media.transcoding.preferences import register_preferences  # noqa: PLC0415
        from media.uploads.keys import keys_of_playlists, keys_of_radios  # noqa: PLC0415
        from media.uploads.service import forget_with  # noqa: PLC0415

        extend_by("media.additions")
        register_collection(playlists.playlist_collection)
        register_mosaic(playlists.playlist_albums)
        register_preferences(playlists.player_preference)
        add_keys(Playlist, keys_of_playlists)
        add_keys(Radio, keys_of_radios)
        for model in (Playlist, Radio):
            post_delete.connect(forget_with, sender=model, dispatch_uid="media")
