"""`directory`: what browsing by folders goes through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from libraries.models import Library
from media.choices import CoverKind
from subsonic.objects.artists import albums_by
from subsonic.objects.covers import add_cover
from subsonic.objects.songs import VERSION
from subsonic.objects.values import Object, add_notes, add_plays, with_more


def _of(thing: Mapping[str, Any], kind: CoverKind) -> Object:
    found: Object = {"id": thing["id"], "name": with_more(thing["name"], thing.get("tags", {}).get(VERSION, ()))}
    add_cover(found, thing, kind)
    add_notes(found, thing)
    add_plays(found, thing)
    return found


def album_directory(album: Mapping[str, Any]) -> Object:
    """An album, which is in the directory of its artist."""
    artist = album["albumArtistId"]
    parent = {"parent": artist} if artist else {}
    return _of(album, CoverKind.ALBUM) | parent | {"songCount": album["songCount"]}


def artist_directory(artist: Mapping[str, Any]) -> Object:
    """An artist."""
    return _of(artist, CoverKind.ARTIST) | {"albumCount": albums_by(artist)}


def library_directory(library: Library) -> Object:
    """A music folder."""
    return {"id": str(library.pk), "name": library.name}
