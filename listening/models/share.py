"""Music that a person shows to people without an account, at an address that cannot be guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from libraries.models import Album, Artist, MediaFile
from listening.models.playlist import Playlist
from listening.querysets import ShareQuerySet
from navidrome_lib.db.fields import KeyField
from navidrome_lib.db.ids import ALPHABET

ID_LENGTH = 10
# `expires_at` of a share that does not end by itself
NO_END: Final = datetime(9999, 12, 31, tzinfo=UTC)


class ResourceType(models.TextChoices):
    """What is shared; the values are those of the wire."""

    SONG = "media_file", _("Songs")
    ALBUM = "album", _("Albums")
    ARTIST = "artist", _("Artists")
    PLAYLIST = "playlist", _("Playlists")


def new_share_id() -> str:
    """10 random characters (59 bits), as they stand in the address."""
    return get_random_string(ID_LENGTH, ALPHABET)


class Share(models.Model):
    """It shows what its owner can access at that moment, until `expires_at`. `max_bit_rate` in kbit/s, 0: no limit."""

    id = KeyField(primary_key=True, max_length=22, default=new_share_id, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("owner"), on_delete=models.CASCADE, related_name="shares"
    )
    description = models.TextField(_("description"), default="", blank=True)
    resource_type = models.CharField(_("kind"), max_length=16, choices=ResourceType.choices)
    # the name of the first thing, for lists
    contents = models.CharField(_("contents"), max_length=255, default="", blank=True)
    downloadable = models.BooleanField(_("can be downloaded"), default=False)
    expires_at = models.DateTimeField(_("expires"))
    format = models.CharField(_("format"), max_length=32, default="", blank=True)
    max_bit_rate = models.PositiveIntegerField(_("bit rate limit"), default=0)
    last_visited_at = models.DateTimeField(_("last visit"), null=True, editable=False)
    visit_count = models.PositiveIntegerField(_("visits"), default=0, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = ShareQuerySet.as_manager()

    class Meta:
        verbose_name = _("share")
        verbose_name_plural = _("shares")

    def __str__(self) -> str:
        return self.description or self.contents or self.pk

    @property
    def has_end(self) -> bool:
        """Whether it ends by itself."""
        return self.expires_at < NO_END


class ShareItem(models.Model):
    """One shared thing at its place, from 0: exactly one of the four."""

    share = models.ForeignKey(Share, on_delete=models.CASCADE, db_index=False, related_name="items")
    position = models.PositiveIntegerField()
    media_file = models.ForeignKey(MediaFile, null=True, on_delete=models.CASCADE, related_name="share_items")
    album = models.ForeignKey(Album, null=True, on_delete=models.CASCADE, related_name="share_items")
    artist = models.ForeignKey(Artist, null=True, on_delete=models.CASCADE, related_name="share_items")
    playlist = models.ForeignKey(Playlist, null=True, on_delete=models.CASCADE, related_name="share_items")

    class Meta:
        verbose_name = _("entry of a share")
        verbose_name_plural = _("entries of shares")
        constraints = [
            models.UniqueConstraint(fields=["share", "position"], name="share_position_unique"),
            models.CheckConstraint(
                condition=Q(media_file__isnull=False, album__isnull=True, artist__isnull=True, playlist__isnull=True)
                | Q(media_file__isnull=True, album__isnull=False, artist__isnull=True, playlist__isnull=True)
                | Q(media_file__isnull=True, album__isnull=True, artist__isnull=False, playlist__isnull=True)
                | Q(media_file__isnull=True, album__isnull=True, artist__isnull=True, playlist__isnull=False),
                name="share_item_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} of {self.share_id}"

    @property
    def thing_id(self) -> str:
        """The id of the shared thing."""
        return str(self.media_file_id or self.album_id or self.artist_id or self.playlist_id)
