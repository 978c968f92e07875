"""What is known of the pictures of things, which of them people have given, and what services outside say."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from media.choices import CoverKind
from media.images.jobs import Made
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

    @staticmethod
    def facts_of(made: Made | None) -> dict[str, Any]:
        """The columns of a picture that was made; of none they are empty."""
        if made is None:
            return {"digest": "", "width": 0, "height": 0, "thumb_hash": "", "color": ""}
        facts = made.facts()
        del facts["media_type"]
        return facts


class OutsideInfo(models.Model):
    """What a service outside says of an album or an artist, or that it is to be asked.

    Like a cover it refers to no row: who reads it has found the thing before, and what is left over is pruned.
    """

    kind = models.CharField(max_length=2)
    item_id = KeyField(max_length=22)
    source = KeyField(max_length=16)
    # the digest of what it was asked with: of another name there may be another answer
    asked_with = KeyField(max_length=32, default="")
    about = models.JSONField(default=dict)
    # when it was answered, or given up
    settled_at = models.DateTimeField(null=True)
    # when it is to be asked; null: not now
    next_try_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "item_id", "source"], name="outside_info_unique")]
        indexes = [
            models.Index(
                fields=["source", "next_try_at"],
                condition=Q(next_try_at__isnull=False),
                name="outside_info_waiting_idx",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}-{self.item_id} by {self.source}"


class OutsideSource(models.Model):
    """A service outside: which run asks it now, and from when on it may be asked again."""

    name = KeyField(primary_key=True, max_length=16)
    claimed_by = KeyField(max_length=22, default="")
    claimed_until = models.DateTimeField(null=True)
    next_request_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, default="", blank=True)

    def __str__(self) -> str:
        return str(self.name)
