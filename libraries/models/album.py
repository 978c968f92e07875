"""An album: the tracks of one library that belong together."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from libraries.models.artist import Artist
from libraries.models.library import Library
from libraries.querysets import AlbumQuerySet
from navidrome_lib.db.fields import KeyField, id_field


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
    artist = models.ForeignKey(Artist, null=True, on_delete=models.SET_NULL, related_name="albums")
    compilation = models.BooleanField(_("compilation"), default=False)
    year = models.PositiveSmallIntegerField(_("year"), null=True)
    original_year = models.PositiveSmallIntegerField(null=True)
    date = models.CharField(max_length=32, default="")
    mbz_album_id = models.CharField(max_length=36, default="")
    mbz_release_group_id = models.CharField(max_length=36, default="")

    # the track that this description was taken from: the first by path, whatever the order of reading
    described_by = models.TextField(default="", editable=False)

    song_count = models.PositiveIntegerField(default=0)
    duration = models.FloatField(default=0)
    size = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = AlbumQuerySet.as_manager()

    class Meta:
        verbose_name = _("album")
        verbose_name_plural = _("albums")
        constraints = [models.UniqueConstraint(fields=["library", "pid"], name="album_pid_unique")]
        indexes = [models.Index(fields=["song_count", "id"], name="album_songs_idx")]

    def __str__(self) -> str:
        return self.name
