"""What is known besides: getAlbumInfo, getArtistInfo, getTopSongs, getSimilarSongs, from the catalog itself."""

from __future__ import annotations

from typing import Any, Final

from libraries.catalog_api.albums import album_objects
from libraries.catalog_api.artists import artist_named, artist_objects
from listening.services.similar import Catalog, Seed, similar_artists, similar_songs, top_songs
from navidrome_lib.db.ids import can_be_id
from navidrome_lib.errors import NotFound
from subsonic.objects.shapes import BY_FOLDERS, BY_TAGS, Shape
from subsonic.objects.songs import songs_of
from subsonic.objects.values import Object
from subsonic.params import Params
from subsonic.renderers import Payload, Text
from users.models import Viewer

ARTISTS: Final = 20
SONGS: Final = 50
MOST: Final = 500
NOTHING: Final = "There is nothing with this id."


def get_album_info(caller: Viewer, params: Params) -> Payload:
    """`/rest/getAlbumInfo`, `/rest/getAlbumInfo2`: what is known of an album, or of the album of a song."""
    catalog, pk = Catalog(caller), params.required("id")
    albums = [pk, *catalog.songs.filter(pk=pk).values_list("album_ref", flat=True)] if can_be_id(pk) else []
    found = [album for album in album_objects([pk for pk in albums if pk], caller) if not album["missing"]]
    if not found and len(albums) < 2:
        raise NotFound(NOTHING)
    return {"albumInfo": identified(found, "mbzAlbumId")}


def identified(things: list[dict[str, Any]], key: str) -> Object:
    """The MusicBrainz id of the first of some things, where it has one."""
    ids = [thing[key] for thing in things if thing.get(key)]
    return {"musicBrainzId": Text(ids[0])} if ids else {}


def get_artist_info2(caller: Viewer, params: Params) -> Payload:
    """`/rest/getArtistInfo2`: what is known of an artist, or of that of an album or song, and who is alike."""
    return {"artistInfo2": artist_info(caller, params, BY_TAGS)}


def get_artist_info(caller: Viewer, params: Params) -> Payload:
    """`/rest/getArtistInfo`: the same as browsing by folders shows it."""
    return {"artistInfo": artist_info(caller, params, BY_FOLDERS)}


def artist_info(caller: Viewer, params: Params, shape: Shape) -> Object:
    """The MusicBrainz id, and similar artists."""
    seed = named_seed(caller, params)
    found = identified(artist_objects([seed.artist_id], caller), "mbzArtistId") if seed.artist_id else {}
    alike = similar_artists(caller, seed, params.limit("count", ARTISTS, MOST))
    return found | ({"similarArtist": shape.artists(caller, alike)} if alike else {})


def named_seed(caller: Viewer, params: Params) -> Seed:
    """What `id` names: an artist, an album or a song."""
    pk = params.required("id")
    seed = Catalog(caller).seed_of(pk) if can_be_id(pk) else None
    if seed is None:
        raise NotFound(NOTHING)
    return seed


def get_top_songs(caller: Viewer, params: Params) -> Payload:
    """`/rest/getTopSongs`: the songs of an artist that people here like most; none of an artist that is not known."""
    pk = params.text("id")
    if not pk:
        pk = artist_named(params.required("artist"))
    ids = top_songs(caller, pk, params.limit("count", SONGS, MOST)) if can_be_id(pk) else []
    return {"topSongs": {"song": songs_of(caller, ids)}}


def get_similar_songs2(caller: Viewer, params: Params) -> Payload:
    """`/rest/getSimilarSongs2`: songs like those of an artist, of an album, or like a song."""
    return {"similarSongs2": {"song": alike_songs(caller, params)}}


def get_similar_songs(caller: Viewer, params: Params) -> Payload:
    """`/rest/getSimilarSongs`: the same."""
    return {"similarSongs": {"song": alike_songs(caller, params)}}


def alike_songs(caller: Viewer, params: Params) -> list[Object]:
    """Songs for a list that goes on and on."""
    ids = similar_songs(caller, named_seed(caller, params), params.limit("count", SONGS, MOST))
    return songs_of(caller, ids)
