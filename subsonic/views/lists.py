"""Lists: album lists, random songs, songs by genre, favourites, and what is being played."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.db.models import Q, QuerySet

from libraries.catalog_api.extension import Resource
from libraries.catalog_api.tag_filters import albums_of_genre, songs_of_genre
from libraries.catalog_api.views import AlbumsView
from listening.services import now_playing
from navidrome_lib.viewer import Viewer as AnyViewer
from subsonic import rows
from subsonic.errors import GENERIC, SubsonicError
from subsonic.folders import in_folders
from subsonic.objects.shapes import BY_FOLDERS, BY_TAGS, Shape
from subsonic.objects.songs import song_list, songs_by_id
from subsonic.objects.values import Object
from subsonic.params import Params
from subsonic.renderers import Listed, Payload
from subsonic.views.browsing import BY_YEAR
from users.models import Viewer

DEFAULT_SIZE: Final = 10
MOST: Final = 500
LAST_YEAR: Final = 9999
# by the plays, the rating and the favourites of the caller: the order of the catalog that says so
OF_CALLER: Final = {"highest": "rating", "frequent": "playCount", "recent": "playDate", "starred": "starredAt"}


def get_album_list2(caller: Viewer, params: Params) -> Payload:
    """`/rest/getAlbumList2`: albums in an order, page by page."""
    return {"albumList2": {"album": album_list(caller, params, BY_TAGS)}}


def get_album_list(caller: Viewer, params: Params) -> Payload:
    """`/rest/getAlbumList`: the same as directories."""
    return {"albumList": {"album": album_list(caller, params, BY_FOLDERS)}}


def album_list(caller: Viewer, params: Params, shape: Shape) -> Listed:
    """The albums of a page."""
    kind = params.required("type")
    if kind not in OF_CALLER and kind not in LISTS:
        raise SubsonicError(GENERIC, f"There is no list of the type “{kind[:40]}”.")
    viewer = in_folders(caller, params)
    first, size = params.number("offset"), params.limit("size", DEFAULT_SIZE, MOST)
    if kind in OF_CALLER:
        ids = rows.noted(rows.albums, Resource.ALBUM, OF_CALLER[kind], viewer, first, size)
    else:
        ids = LISTS[kind](viewer, params, first, size)
    return shape.albums(viewer, ids)


def random_albums(viewer: AnyViewer, params: Params, first: int, size: int) -> list[str]:
    """Any albums, each time others."""
    return rows.shuffled(rows.albums(viewer), size)


def newest(viewer: AnyViewer, params: Params, first: int, size: int) -> list[str]:
    """As they came into the catalog, the newest first."""
    return rows.page(rows.albums, AlbumsView.sorts["createdAt"], viewer, first, size, descending=True)


def by_name(viewer: AnyViewer, params: Params, first: int, size: int) -> list[str]:
    """By their names."""
    return rows.page(rows.albums, AlbumsView.sorts["name"], viewer, first, size)


def by_artist(viewer: AnyViewer, params: Params, first: int, size: int) -> list[str]:
    """By the names of their artists."""
    return rows.page(rows.albums, AlbumsView.sorts["albumArtist"], viewer, first, size)


def by_year(viewer: AnyViewer, params: Params, first: int, size: int) -> list[str]:
    """Those whose first or last year is in a span; from a later year to an earlier one, backwards."""
    years = [year_of(params, name) for name in ("fromYear", "toYear")]
    span = (min(years), max(years))
    found = rows.albums(viewer).filter(Q(min_year__range=span) | Q(max_year__range=span))
    return rows.page_of(found, BY_YEAR, viewer, first, size, descending=years[0] > years[1])


def by_genre(viewer: AnyViewer, params: Params, first: int, size: int) -> list[str]:
    """Those with songs of a genre, by name."""
    found = albums_of_genre(rows.albums(viewer), params.required("genre"), viewer)
    return rows.page_of(found, AlbumsView.sorts["name"], viewer, first, size)


LISTS: Final[dict[str, Callable[[AnyViewer, Params, int, int], list[str]]]] = {
    "random": random_albums,
    "newest": newest,
    "alphabeticalByName": by_name,
    "alphabeticalByArtist": by_artist,
    "byYear": by_year,
    "byGenre": by_genre,
}


def year_of(params: Params, name: str) -> int:
    """A year that has to be there."""
    params.required(name)
    return min(params.number(name), LAST_YEAR)


def get_random_songs(caller: Viewer, params: Params) -> Payload:
    """`/rest/getRandomSongs`: any songs, of a genre or between two years where that is asked for."""
    viewer, size = in_folders(caller, params), params.limit("size", DEFAULT_SIZE, MOST)
    return {"randomSongs": {"song": song_list(viewer, random_songs(viewer, params, size))}}


def random_songs(viewer: AnyViewer, params: Params, size: int) -> list[str]:
    """The ids of any songs that are asked for."""
    if not any(params.text(name) for name in ("genre", "fromYear", "toYear")):
        return rows.any_songs(viewer, size)
    found = between_years(rows.songs(viewer), params)
    if genre := params.text("genre"):
        found = songs_of_genre(found, genre, viewer)
    return rows.shuffled(found, size)


def between_years(found: QuerySet[Any], params: Params) -> QuerySet[Any]:
    """Songs from a year on, up to a year, or both."""
    if first := min(params.number("fromYear"), LAST_YEAR):
        found = found.filter(year__gte=first)
    if last := min(params.number("toYear"), LAST_YEAR):
        found = found.filter(year__lte=last)
    return found


def get_songs_by_genre(caller: Viewer, params: Params) -> Payload:
    """`/rest/getSongsByGenre`: the songs of a genre, page by page, as they came into the catalog."""
    genre = params.required("genre")
    viewer = in_folders(caller, params)
    first, size = params.number("offset"), params.limit("count", DEFAULT_SIZE, MOST)
    ids = rows.page_of(songs_of_genre(rows.songs(viewer), genre, viewer), rows.AS_THEY_CAME, viewer, first, size)
    return {"songsByGenre": {"song": song_list(viewer, ids)}}


def get_starred2(caller: Viewer, params: Params) -> Payload:
    """`/rest/getStarred2`: the caller's favourites, the latest first."""
    return {"starred2": starred(caller, params, BY_TAGS)}


def get_starred(caller: Viewer, params: Params) -> Payload:
    """`/rest/getStarred`: the same as browsing by folders shows them."""
    return {"starred": starred(caller, params, BY_FOLDERS)}


def starred(caller: Viewer, params: Params, shape: Shape) -> Object:
    """The favourites of each kind."""
    viewer = in_folders(caller, params)
    order = OF_CALLER["starred"]
    return {
        "artist": shape.artists(viewer, rows.noted(rows.artists, Resource.ARTIST, order, viewer)),
        "album": shape.albums(viewer, rows.noted(rows.albums, Resource.ALBUM, order, viewer)),
        "song": song_list(viewer, rows.noted(rows.songs, Resource.SONG, order, viewer)),
    }


def get_now_playing(caller: Viewer, params: Params) -> Payload:
    """`/rest/getNowPlaying`: who plays what, as far as the caller can see the songs."""
    heard = now_playing.listeners(caller)
    songs = songs_by_id(caller, [each.playing.track_id for each in heard])
    entries = [
        songs[each.playing.track_id] | listener_of(each, number, songs[each.playing.track_id]["duration"])
        for number, each in enumerate(heard, 1)
        if each.playing.track_id in songs
    ]
    return {"nowPlaying": {"entry": entries}}


def listener_of(listener: now_playing.Listener, number: int, duration: int) -> Object:
    """What an entry says of who plays it. The protocol wants a number for a player, and reads nothing into it."""
    playing = listener.playing
    return {
        "username": listener.player.user.username,
        "minutesAgo": listener.minutes_ago,
        "playerId": number,
        "playerName": listener.player.client,
        "state": playing.state,
        # a player that is late with the next song is at the end of this one
        "positionMs": max(playing.position_ms, min(playing.position_now_ms, duration * 1000)),
        "playbackRate": int(playing.rate) if playing.rate.is_integer() else playing.rate,
    }
