"""`ArtistID3`, and `Artist`, which browsing by folders shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from libraries.catalog_api.artists import artist_objects
from libraries.choices import Role
from media.choices import CoverKind
from navidrome_lib.viewer import Viewer
from subsonic.objects.covers import add_cover
from subsonic.objects.values import Object, add_notes, without_audio

# the id of an artist that is not in the catalog
NOT_HERE: Final = "-1"


def without_songs() -> Object:
    """What else a directory with songs has, and an artist has empty."""
    return {
        "genres": [],
        "moods": [],
        "artists": [],
        "albumArtists": [],
        "displayAlbumArtist": "",
        "explicitStatus": "",
        "groupings": [],
    }


def artists_of(viewer: Viewer, ids: Sequence[str]) -> list[Object]:
    """`ArtistID3` of the artists with these ids, in this order; those that are hidden or missing are left out."""
    return [artist_id3(artist) for artist in artist_objects(ids, viewer) if not artist["missing"]]


def folder_artists(viewer: Viewer, ids: Sequence[str]) -> list[Object]:
    """The same as `Artist`."""
    return [folder_artist(artist) for artist in artist_objects(ids, viewer) if not artist["missing"]]


def folder_artist(artist: Mapping[str, Any]) -> Object:
    """`Artist` of an artist, from its object of the catalog."""
    found: Object = {"id": artist["id"], "name": artist["name"]}
    add_cover(found, artist, CoverKind.ARTIST)
    add_notes(found, artist)
    return found


def artist_id3(artist: Mapping[str, Any]) -> Object:
    """`ArtistID3` of an artist; its albums are those that it is the artist of."""
    return folder_artist(artist) | {
        "albumCount": albums_by(artist),
        "musicBrainzId": artist.get("mbzArtistId", ""),
        "sortName": artist["orderArtistName"],
        "roles": list(artist["stats"]),
    }


def absent_folder_artist(name: str, mbz: str) -> Object:
    """`Artist` of an artist that is not in the catalog."""
    return {"id": NOT_HERE, "name": name}


def absent_artist(name: str, mbz: str) -> Object:
    """`ArtistID3` of an artist that is not in the catalog."""
    return {"id": NOT_HERE, "name": name, "albumCount": 0, "musicBrainzId": mbz, "sortName": name, "roles": []}


def albums_by(artist: Mapping[str, Any]) -> int:
    """How many albums an artist is the artist of."""
    count: int = artist["stats"].get(Role.ALBUM_ARTIST, {}).get("albumCount", 0)
    return count


def child_of_artist(artist: Mapping[str, Any]) -> Object:
    """`Child` of an artist: a directory of a music folder."""
    found = folder_artist(artist)
    del found["name"]
    return found | {
        "isDir": True,
        "title": artist["name"],
        "artist": artist["name"],
        "mediaType": "artist",
        "musicBrainzId": artist.get("mbzArtistId", ""),
        "sortName": artist["orderArtistName"],
        "displayArtist": artist["name"],
        **without_songs(),
        **without_audio(),
    }
