"""An album: the tracks of one library that belong together."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from libraries.choices import Freshness
from libraries.models.artist import Artist
from libraries.models.library import Library
from libraries.order_names import MAX_ORDER_NAME
from libraries.querysets import AlbumQuerySet
from navidrome_lib.db.fields import KeyField, OrderField, id_field


class Album(models.Model):
    """`pid` says what makes it one album (`libraries.scanner.mapping.identity`); counts are of its present tracks."""

    id = id_field()
    library = models.ForeignKey(
        Library, verbose_name=_("library"), on_delete=models.CASCADE, db_index=False, related_name="albums"
    )
    pid = KeyField(max_length=32, editable=False)
    name = models.TextField()
    sort_name = models.TextField(default="")
    version = models.TextField(default="")
    album_artist = models.TextField(default="")
    # as lists are in order of them: see `libraries.order_names`
    order_name = OrderField(max_length=MAX_ORDER_NAME, default="", editable=False)
    order_artist = OrderField(max_length=MAX_ORDER_NAME, default="", editable=False)
    artist = models.ForeignKey(Artist, null=True, on_delete=models.SET_NULL, related_name="albums")
    mbz_album_id = models.CharField(max_length=36, default="")
    mbz_release_group_id = models.CharField(max_length=36, default="")

    # the track that this description was taken from: the first by path, whatever the order of reading
    described_by = models.TextField(default="", editable=False)

    # what the present tracks say (see `libraries.totals`): a compilation where any is one, dates where all agree
    song_count = models.PositiveIntegerField(default=0)
    duration = models.FloatField(default=0)
    size = models.PositiveBigIntegerField(default=0)
    compilation = models.BooleanField(_("compilation"), default=False)
    min_year = models.PositiveSmallIntegerField(null=True)
    max_year = models.PositiveSmallIntegerField(_("year"), null=True)
    min_original_year = models.PositiveSmallIntegerField(null=True)
    max_original_year = models.PositiveSmallIntegerField(null=True)
    date = models.CharField(max_length=32, default="")
    original_date = models.CharField(max_length=32, default="")
    release_date = models.CharField(max_length=32, default="")

    # what else its songs say together, as JSON; empty: not gathered yet (see `libraries.gathering`)
    details = models.TextField(default="", editable=False)
    # what it is found by, gathered likewise: folded words, each behind a space
    words = models.TextField(default="", editable=False)

    freshness = models.PositiveSmallIntegerField(default=Freshness.SETTLED, editable=False)
    # the album whose tracks this one was made of, while that has others: its row follows when they come, too
    split_from = KeyField(max_length=22, null=True, editable=False)
    # first seen: survives retags
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = AlbumQuerySet.as_manager()

    class Meta:
        verbose_name = _("album")
        verbose_name_plural = _("albums")
        constraints = [models.UniqueConstraint(fields=["library", "pid"], name="album_pid_unique")]
        indexes = [
            # lists and their totals are read off these, without a look at the rows
            models.Index(fields=["song_count", "id", "library"], name="album_songs_idx"),
            models.Index(fields=["order_name", "id", "library", "song_count"], name="album_name_idx"),
            models.Index(fields=["order_artist", "order_name", "id", "library", "song_count"], name="album_artist_idx"),
            models.Index(fields=["created_at", "id", "library", "song_count"], name="album_created_idx"),
            models.Index(fields=["library"], condition=~Q(freshness=0), name="album_fresh_idx"),
            models.Index(fields=["library", "id"], condition=Q(details=""), name="album_ungathered_idx"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def years(self) -> str:
        """The years of its tracks: "1971–1982", "1971" or nothing."""
        return "–".join(str(year) for year in dict.fromkeys((self.min_year, self.max_year)) if year)
