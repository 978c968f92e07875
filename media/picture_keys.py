"""What is said on the wire of the picture of a thing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from django.db.models import QuerySet

from media.choices import GIVEN, CoverKind
from media.models import Cover
from navidrome_lib.db.prepared import PreparedIn

_COLUMNS: Final = ("kind", "item_id", "part", "digest", "thumb_hash", "color", "width", "height", "source_key")


def _of_kinds(*kinds: str) -> QuerySet[Cover, tuple[Any, ...]]:
    return Cover.objects.filter(kind__in=kinds).order_by().values_list(*_COLUMNS)


_covers: Final = PreparedIn[tuple[Any, ...]](
    lambda ids, kind, other: _of_kinds(kind, other).filter(item_id__in=ids), str, str, whole=_of_kinds, column=1
)


def covers(ids: Collection[str], kind: CoverKind, other: CoverKind | None = None) -> list[tuple[Any, ...]]:
    """What is known of the pictures of some things, of one kind or of two, as tuples of `_COLUMNS`."""
    return _covers.rows(ids, str(kind), str(other or kind))


def said_of(row: tuple[Any, ...]) -> dict[str, Any]:
    """The keys for the wire of one such row."""
    kind, pk, part, digest, thumb_hash, color, width, height, source_key = row
    if not digest:
        return {"imageAbsent": True}
    return {
        "imageHash": digest,
        "thumbHash": thumb_hash,
        "dominantColor": color,
        "imageWidth": width,
        "imageHeight": height,
        **({} if part or kind not in GIVEN else {"uploadedImage": name_of(pk, source_key)}),
    }


def name_of(pk: str, source_key: str) -> str:
    """What clients call the picture of a thing."""
    return f"{pk}.{source_key.rpartition('.')[2]}"
