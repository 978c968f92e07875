"""What the tags of songs say, album by album: what lists are filtered by, and counted."""

from __future__ import annotations

from django.db import models

from libraries.models.album import Album
from libraries.models.library import Library
from libraries.order_names import MAX_ORDER_NAME
from navidrome_lib.db.fields import KeyField, OrderField


class Tag(models.Model):
    """One value of one tag; its id follows from both (see `libraries.gathering`), or is that of the genre."""

    id = KeyField(primary_key=True, max_length=22, editable=False)
    # as clients know it
    name = models.CharField(max_length=32)
    value = models.TextField()
    # what lists are in order of
    order_value = OrderField(max_length=MAX_ORDER_NAME)

    class Meta:
        indexes = [models.Index(fields=["name", "id"], name="tag_name_idx")]

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"


class AlbumTag(models.Model):
    """A tag of some songs of an album. Gathered behind scans, with the rest of what an album's songs say."""

    # without constraints: code that deletes albums deletes these first
    album = models.ForeignKey(
        Album, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="album_tags"
    )
    tag = models.ForeignKey(
        Tag, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="of_albums"
    )
    library = models.ForeignKey(Library, on_delete=models.CASCADE, db_constraint=False, related_name="album_tags")
    song_count = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["album", "tag"], name="album_tag_unique")]
        indexes = [models.Index(fields=["tag", "library", "album", "song_count"], name="album_tag_idx")]

    def __str__(self) -> str:
        return f"{self.tag_id} of {self.album_id}"
