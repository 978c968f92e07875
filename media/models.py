"""What is known of the pictures of things, and which of them people have given."""

from __future__ import annotations

from django.db import models

from media.choices import CoverKind
from navidrome_lib.db.fields import KeyField


class Cover(models.Model):
    """The picture that was found for a thing, or that none was found (`digest` is empty).

    It refers to no row: who asks for covers has found the thing before, and what is left over is pruned. Of an artist
    there is a row for each library, in `part`, so that no library shows in another; of a disc, `part` is its number.
    A picture that a person gave to an artist, a playlist or a radio station is in a row with an empty `part`, and
    `source_key` is the name of its file.
    """

    kind = models.CharField(max_length=2, choices=[(str(kind), str(kind)) for kind in CoverKind])
    item_id = KeyField(max_length=22)
    part = KeyField(max_length=20, default="")
    # where the picture is, and what the file looked like: any difference means "look again"
    source_key = KeyField(max_length=32)
    digest = KeyField(max_length=16, default="")
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    thumb_hash = models.CharField(max_length=64, default="")
    color = models.CharField(max_length=7, default="")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "item_id", "part"], name="cover_unique")]

    def __str__(self) -> str:
        return f"{self.kind}-{self.item_id}"
