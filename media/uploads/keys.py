"""What playlists, radio stations and artists say of the pictures that they were given."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from media.choices import CoverKind
from media.models import Cover
from navidrome_lib.db.bulk import chunks


def keys_of_pictures(kind: CoverKind, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """The keys for the wire by the id of the thing; things without a picture of their own are left out."""
    found = {}
    for piece in chunks(ids):
        rows = Cover.objects.filter(kind=str(kind), item_id__in=piece, part="").exclude(digest="")
        for row in rows:
            found[row.item_id] = {
                "imageHash": row.digest,
                "thumbHash": row.thumb_hash,
                "dominantColor": row.color,
                "imageWidth": row.width,
                "imageHeight": row.height,
                "uploadedImage": name_of(row.item_id, row.source_key),
            }
    return found


def name_of(pk: str, source_key: str) -> str:
    """What clients call the picture of a thing."""
    return f"{pk}.{source_key.rpartition('.')[2]}"


def keys_of_playlists(ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """As `keys_of_pictures`, of playlists."""
    return keys_of_pictures(CoverKind.PLAYLIST, ids)


def keys_of_radios(ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """As `keys_of_pictures`, of radio stations."""
    return keys_of_pictures(CoverKind.RADIO, ids)
