"""What playlists, radio stations and artists say of the pictures that they were given."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from media.choices import CoverKind
from media.picture_keys import covers, said_of


def keys_of_pictures(kind: CoverKind, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """The keys for the wire by the id of the thing; things without a picture of their own are left out."""
    return {row[1]: said_of(row) for row in covers(ids, kind) if row[3] and not row[2]}


def keys_of_playlists(ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """As `keys_of_pictures`, of playlists."""
    return keys_of_pictures(CoverKind.PLAYLIST, ids)


def keys_of_radios(ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """As `keys_of_pictures`, of radio stations."""
    return keys_of_pictures(CoverKind.RADIO, ids)
