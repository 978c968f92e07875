"""`coverArt`: the id by which a picture is asked for, with the digest of the picture where that is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from media.choices import CoverKind
from media.covers.ids import cover_id
from subsonic.objects.values import Object


def add_cover(target: Object, source: Mapping[str, Any], kind: CoverKind) -> None:
    """The cover of an album or an artist; none where it is known that there is no picture."""
    if not source.get("imageAbsent"):
        target["coverArt"] = cover_id(kind, source["id"], source.get("imageHash", ""))


def add_song_cover(target: Object, song: Mapping[str, Any]) -> None:
    """The cover of a song: its own where the file has one, else that of its album, which all its songs share."""
    album = song.get("albumId")
    if song.get("hasCoverArt") or not album:
        add_cover(target, song, CoverKind.TRACK)
    elif not song.get("imageAbsent"):
        target["coverArt"] = cover_id(CoverKind.ALBUM, album, song.get("imageHash", ""))


def disc_cover(album_id: str, disc: int) -> str:
    """The id of the cover of one disc."""
    return cover_id(CoverKind.DISC, album_id, disc=disc)
