"""`AlbumID3`, and `Child` of an album, which browsing by folders shows as a directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from libraries.catalog_api.albums import album_objects, plain_albums
from libraries.catalog_api.extension import Resource
from libraries.catalog_api.written import Shape as Written
from libraries.catalog_api.written import as_array, without_id, written
from libraries.choices import Role
from libraries.visible import library_facts
from media.choices import CoverKind
from navidrome_lib.viewer import Viewer
from subsonic.objects.covers import add_cover, disc_cover
from subsonic.objects.songs import VERSION
from subsonic.objects.values import (
    EXPLICIT,
    Object,
    add_notes,
    add_plays,
    artist_refs,
    date_object,
    moment,
    names,
    with_more,
    without_audio,
)
from subsonic.renderers import Listed


def albums_of(viewer: Viewer, ids: Sequence[str]) -> list[Object]:
    """`AlbumID3` of the albums with these ids, in this order; those that are hidden or missing are left out."""
    return [album_id3(album) for album in album_objects(ids, viewer) if not album["missing"]]


def album_children(viewer: Viewer, ids: Sequence[str]) -> list[Object]:
    """The same as directories."""
    return [child_of_album(album) for album in album_objects(ids, viewer) if not album["missing"]]


def album_list(viewer: Viewer, ids: Sequence[str]) -> Listed:
    """As `albums_of`, for lists that say no more of an album."""
    return Listed(lambda: _as_json(AS_ID3, viewer, ids))


def album_child_list(viewer: Viewer, ids: Sequence[str]) -> Listed:
    """The same as directories."""
    return Listed(lambda: _as_json(AS_DIRECTORIES, viewer, ids))


def _as_json(shape: Written, viewer: Viewer, ids: Sequence[str]) -> bytes:
    return as_array(written(shape, ids, viewer, library_facts(viewer)))


def _shared(album: Mapping[str, Any]) -> Object:
    """What both shapes have."""
    tags = album.get("tags", {})
    version = tags.get(VERSION, ())
    artists = artist_refs(album["participants"].get(Role.ALBUM_ARTIST, ()))
    found: Object = {
        "id": album["id"],
        "name": with_more(album["name"], version),
        "artist": album["albumArtist"],
        "songCount": album["songCount"],
        "duration": int(album["duration"]),
        "created": moment(album["createdAt"]),
        "genres": names(genre["name"] for genre in album["genres"] or ()),
        "musicBrainzId": album.get("mbzAlbumId", ""),
        "sortName": album["orderAlbumName"],
        "moods": tags.get("mood", []),
        "artists": artists,
        "displayArtist": album["albumArtist"],
        "explicitStatus": EXPLICIT.get(album["explicitStatus"], ""),
    }
    if artist := album["albumArtistId"] or next((each["id"] for each in artists), ""):
        found["artistId"] = artist
    if year := album["maxOriginalYear"] or album["maxYear"]:
        found["year"] = year
    if album["genre"]:
        found["genre"] = album["genre"]
    return found


def added_to_album(album: Mapping[str, Any]) -> Object:
    """What belongs to the viewer, and what is known of the picture, in both shapes."""
    found: Object = {}
    add_cover(found, album, CoverKind.ALBUM)
    add_notes(found, album)
    add_plays(found, album)
    return found


def album_id3(album: Mapping[str, Any]) -> Object:
    """`AlbumID3` of an album, from its object of the catalog."""
    return plain_album(album) | added_to_album(album)


def plain_album(album: Mapping[str, Any]) -> Object:
    """The same without what is added."""
    tags = album.get("tags", {})
    return _shared(album) | {
        "version": next(iter(tags.get(VERSION, ())), ""),
        "isCompilation": album["compilation"],
        "releaseTypes": tags.get("releasetype", []),
        "recordLabels": names(tags.get("recordlabel", ())),
        "discTitles": disc_titles(album),
        "originalReleaseDate": date_object(album.get("originalDate", "")),
        "releaseDate": date_object(album.get("releaseDate", "")),
    }


def disc_titles(album: Mapping[str, Any]) -> list[Object]:
    """The discs of an album with several of them, or with a title on its only one."""
    discs = album["discs"]
    if len(discs) < 2 and not any(discs.values()):
        return []
    return [
        {"disc": int(disc), "title": title, "coverArt": disc_cover(album["id"], int(disc))}
        for disc, title in discs.items()
    ]


def child_of_album(album: Mapping[str, Any]) -> Object:
    """`Child` of an album: a directory with all keys that a song has and an album can have."""
    return plain_directory(album) | added_to_album(album)


def plain_directory(album: Mapping[str, Any]) -> Object:
    """The same without what is added."""
    found = _shared(album)
    if "artistId" in found:
        found["parent"] = found["artistId"]
    return found | {
        "isDir": True,
        "title": found["name"],
        "album": found["name"],
        "mediaType": "album",
        "albumArtists": found["artists"],
        "displayAlbumArtist": found["displayArtist"],
        "groupings": album.get("tags", {}).get("grouping", []),
        **without_audio(),
    }


AS_ID3: Final = Written(
    "id3", Resource.ALBUM, plain_albums, lambda album: without_id(plain_album(album)), added_to_album, present=True
)
AS_DIRECTORIES: Final = Written(
    "dir", Resource.ALBUM, plain_albums, lambda album: without_id(plain_directory(album)), added_to_album, present=True
)
