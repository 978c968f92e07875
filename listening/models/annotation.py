"""What one person says of one track, album, artist or playlist, and how often they played it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from libraries.models import Album, Artist, MediaFile
from listening.models.playlist import Playlist

MAX_RATING = 5


class Annotation(models.Model):
    """One row for a person and a thing. `starred_at` null: no favourite. `rating` 0: not rated, else 1 to 5."""

    # the name of the field that refers to the thing
    thing: ClassVar[str]

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="+")
    starred_at = models.DateTimeField(_("favourite since"), null=True)
    rating = models.PositiveSmallIntegerField(_("rating"), default=0, validators=[MaxValueValidator(MAX_RATING)])
    rated_at = models.DateTimeField(_("rated"), null=True)
    play_count = models.PositiveIntegerField(_("plays"), default=0)
    play_date = models.DateTimeField(_("last play"), null=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.user_id} on {getattr(self, f'{self.thing}_id')}"


def _indexes(name: str, thing: str) -> list[models.Index]:
    """Indexes off which lists of a person's favourites, ratings and plays are read, page by page."""

    def index(kind: str, columns: list[str], condition: Q) -> models.Index:
        return models.Index(fields=["user", *columns, thing], condition=condition, name=f"{name}_{kind}_idx")

    return [
        index("starred", ["starred_at"], Q(starred_at__isnull=False)),
        index("rating", ["rating", "rated_at"], Q(rating__gt=0)),
        index("plays", ["play_count"], Q(play_count__gt=0)),
        index("played", ["play_date"], Q(play_date__isnull=False)),
    ]


def _constraints(name: str, thing: str) -> list[Any]:
    return [
        models.UniqueConstraint(fields=["user", thing], name=f"{name}_unique"),
        models.CheckConstraint(condition=Q(rating__lte=MAX_RATING), name=f"{name}_rating"),
    ]


class TrackAnnotation(Annotation):
    """Of a track."""

    thing = "media_file"

    media_file = models.ForeignKey(MediaFile, on_delete=models.CASCADE, related_name="annotations")

    class Meta:
        verbose_name = _("favourite, rating or plays of a song")
        verbose_name_plural = _("favourites, ratings and plays of songs")
        constraints = _constraints("track_annotation", "media_file")
        indexes = _indexes("track_note", "media_file")


class AlbumAnnotation(Annotation):
    """Of an album."""

    thing = "album"

    album = models.ForeignKey(Album, on_delete=models.CASCADE, related_name="annotations")

    class Meta:
        verbose_name = _("favourite, rating or plays of an album")
        verbose_name_plural = _("favourites, ratings and plays of albums")
        constraints = _constraints("album_annotation", "album")
        indexes = _indexes("album_note", "album")


class ArtistAnnotation(Annotation):
    """Of an artist."""

    thing = "artist"

    artist = models.ForeignKey(Artist, on_delete=models.CASCADE, related_name="annotations")

    class Meta:
        verbose_name = _("favourite, rating or plays of an artist")
        verbose_name_plural = _("favourites, ratings and plays of artists")
        constraints = _constraints("artist_annotation", "artist")
        indexes = _indexes("artist_note", "artist")


class PlaylistAnnotation(Annotation):
    """Of a playlist."""

    thing = "playlist"

    playlist = models.ForeignKey(Playlist, on_delete=models.CASCADE, related_name="annotations")

    class Meta:
        verbose_name = _("favourite or rating of a playlist")
        verbose_name_plural = _("favourites and ratings of playlists")
        constraints = _constraints("playlist_annotation", "playlist")
