"""Genres, shared between libraries."""

from __future__ import annotations

from django.db import models

from navidrome_lib.db.fields import KeyField, id_field


class Genre(models.Model):
    """`pid` is a digest of the name without case."""

    id = id_field()
    pid = KeyField(max_length=32, unique=True, editable=False)
    name = models.TextField()

    def __str__(self) -> str:
        return self.name


class TrackGenre(models.Model):
    """One genre of one track."""

    # without constraints, as Participant
    media_file = models.ForeignKey(
        "libraries.MediaFile",
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="track_genres",
    )
    genre = models.ForeignKey(Genre, on_delete=models.CASCADE, db_constraint=False, related_name="track_genres")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["media_file", "genre"], name="track_genre_unique")]

    def __str__(self) -> str:
        return f"{self.genre_id} of {self.media_file_id}"
