"""Artists, shared between libraries, and the part that each plays in a track."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from libraries.labels import ROLE_LABELS
from libraries.models.library import Library
from libraries.order_names import MAX_ORDER_NAME
from libraries.querysets import ArtistQuerySet
from navidrome_lib.db.fields import KeyField, OrderField, id_field


class Artist(models.Model):
    """`pid` is a digest of the name without case and width, so that one artist is one row whatever the spelling."""

    id = id_field()
    pid = KeyField(max_length=32, unique=True, editable=False)
    name = models.TextField()
    sort_name = models.TextField(default="")
    order_name = OrderField(max_length=MAX_ORDER_NAME, default="", editable=False)
    # what it is found by: folded words, each behind a space (see `libraries.search.words`)
    words = models.TextField(default="", editable=False)
    mbz_artist_id = models.CharField(max_length=36, default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = ArtistQuerySet.as_manager()

    class Meta:
        verbose_name = _("artist")
        verbose_name_plural = _("artists")
        indexes = [models.Index(fields=["order_name", "id"], name="artist_name_idx")]

    def __str__(self) -> str:
        return self.name


# what an artist does in a library where all songs that there are of it are missing
NO_STATS = "{}"


class LibraryArtist(models.Model):
    """An artist's present tracks and albums in one library, kept by `libraries.totals`; 0 where all are missing."""

    library = models.ForeignKey(Library, on_delete=models.CASCADE, db_index=False, related_name="library_artists")
    artist = models.ForeignKey(Artist, on_delete=models.CASCADE, related_name="library_artists")
    song_count = models.PositiveIntegerField(default=0)
    album_count = models.PositiveIntegerField(default=0)
    # role by role, as JSON; empty: not gathered yet, nor are the numbers below (see `libraries.gathering`)
    stats = models.TextField(default="", editable=False)
    size = models.PositiveBigIntegerField(default=0, editable=False)
    # as artist or album artist
    main_song_count = models.PositiveIntegerField(default=0, editable=False)
    main_album_count = models.PositiveIntegerField(default=0, editable=False)
    main_size = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["library", "artist"], name="library_artist_unique")]
        indexes = [
            models.Index(fields=["library", "artist"], condition=Q(stats=""), name="library_artist_ungathered_idx")
        ]

    def __str__(self) -> str:
        return f"{self.artist_id} in {self.library_id}"


class Participant(models.Model):
    """One artist in one role of one track; `position` keeps the order of the tag."""

    # It comes in the transaction that writes its track, which locks its artist (see lock_referenced_rows), and goes in
    # the one that deletes the track (see delete_tracks): to let the database check both again, row by row, is a sixth
    # of a scan's time on PostgreSQL.
    media_file = models.ForeignKey(
        "libraries.MediaFile",
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="participants",
    )
    artist = models.ForeignKey(Artist, on_delete=models.CASCADE, db_constraint=False, related_name="participations")
    role = models.CharField(max_length=16, choices=ROLE_LABELS)
    sub_role = models.CharField(max_length=255, default="")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["media_file", "role", "artist", "sub_role"], name="participant_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.artist_id}"
