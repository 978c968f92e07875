"""What is known besides: getAlbumInfo, getArtistInfo, getTopSongs, getSimilarSongs.

It is from the catalog itself, and from what services outside have told before, where they are asked.
"""

from __future__ import annotations

from typing import Any, Final

from libraries.catalog_api.albums import album_objects
from libraries.catalog_api.artists import artist_named, artist_objects
from listening.services.similar import Catalog, Seed, similar_artists, similar_songs, top_songs
from media.choices import CoverKind
from media.external.answers import NOTHING as NOTHING_TOLD
from media.external.answers import Told, told_of
from media.external.matching import artists_named, songs_named
from navidrome_lib.db.ids import can_be_id
from navidrome_lib.errors import NotFound
from subsonic.objects.shapes import BY_FOLDERS, BY_TAGS, Shape
from subsonic.objects.songs import song_list
from subsonic.objects.values import Object
from subsonic.params import Params
from subsonic.renderers import Listed, Payload, Text
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
    told = told_of(CoverKind.ALBUM, found[0]["id"]) if found else NOTHING_TOLD
    return {"albumInfo": words_of(told, "notes") | identified(found, "mbzAlbumId", told.mbz)}


def identified(things: list[dict[str, Any]], key: str, told: str) -> Object:
    """The MusicBrainz id of the first of some things, where it has one, else the one that was told of it."""
    ids = [thing[key] for thing in things if thing.get(key)] + ([told] if told else [])
    return {"musicBrainzId": Text(ids[0])} if ids else {}


def words_of(told: Told, key: str) -> Object:
    """What services outside say in words, and where more of it is."""
    found = {key: told.text, "lastFmUrl": told.url}
    return {name: Text(value) for name, value in found.items() if value}


def get_artist_info2(caller: Viewer, params: Params) -> Payload:
    """`/rest/getArtistInfo2`: what is known of an artist, or of that of an album or song, and who is alike."""
    return {"artistInfo2": artist_info(caller, params, BY_TAGS)}


def get_artist_info(caller: Viewer, params: Params) -> Payload:
    """`/rest/getArtistInfo`: the same as browsing by folders shows it."""
    return {"artistInfo": artist_info(caller, params, BY_FOLDERS)}


def artist_info(caller: Viewer, params: Params, shape: Shape) -> Object:
    """The biography, the MusicBrainz id, and similar artists."""
    seed = named_seed(caller, params)
    count, absent = params.limit("count", ARTISTS, MOST), params.flag("includeNotPresent")
    told = told_of(CoverKind.ARTIST, seed.artist_id) if seed.artist_id else NOTHING_TOLD
    found = artist_objects([seed.artist_id], caller) if seed.artist_id else []
    alike = alike_artists(caller, seed, told, shape, count, absent=absent)[:count]
    known = words_of(told, "biography") | identified(found, "mbzArtistId", told.mbz)
    return known | ({"similarArtist": alike} if alike else {})


def alike_artists(caller: Viewer, seed: Seed, told: Told, shape: Shape, count: int, *, absent: bool) -> list[Object]:
    """Those that services outside name, with `absent` also who is not in the catalog; then those alike in it."""
    named = list(zip(told.similar, artists_named(caller, told.similar), strict=True)) if told.similar else []
    ids = [pk for _, pk in named if pk and pk != seed.artist_id] + similar_artists(caller, seed, count + len(named))
    seen = {each["id"]: each for each in shape.artists(caller, list(dict.fromkeys(ids)))}
    found = [
        seen.pop(pk, None) if pk else shape.absent(row["name"], row["mbz"]) if absent else None for row, pk in named
    ]
    return [each for each in (*found, *list(seen.values())) if each is not None]


def named_seed(caller: Viewer, params: Params) -> Seed:
    """What `id` names: an artist, an album or a song."""
    pk = params.required("id")
    seed = Catalog(caller).seed_of(pk) if can_be_id(pk) else None
    if seed is None:
        raise NotFound(NOTHING)
    return seed


def get_top_songs(caller: Viewer, params: Params) -> Payload:
    """`/rest/getTopSongs`: the songs of an artist that are liked most; none of an artist that is not known.

    Those that services outside name come first, then those that people here like.
    """
    pk = params.text("id")
    if not pk:
        pk = artist_named(params.required("artist"))
    ids = top_songs(caller, pk, params.limit("count", SONGS, MOST)) if can_be_id(pk) else []
    told = told_of(CoverKind.ARTIST, pk) if ids else NOTHING_TOLD
    first = songs_named(caller, pk, told.top) if told.top else []
    best = list(dict.fromkeys([*first, *ids]))[: len(ids)]
    return {"topSongs": {"song": song_list(caller, best)}}


def get_similar_songs2(caller: Viewer, params: Params) -> Payload:
    """`/rest/getSimilarSongs2`: songs like those of an artist, of an album, or like a song."""
    return {"similarSongs2": {"song": alike_songs(caller, params)}}


def get_similar_songs(caller: Viewer, params: Params) -> Payload:
    """`/rest/getSimilarSongs`: the same."""
    return {"similarSongs": {"song": alike_songs(caller, params)}}


def alike_songs(caller: Viewer, params: Params) -> Listed:
    """Songs for a list that goes on and on."""
    ids = similar_songs(caller, named_seed(caller, params), params.limit("count", SONGS, MOST))
    return song_list(caller, ids)
