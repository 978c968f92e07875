"""Browsing by tags: getArtists, getArtist, getAlbum, getSong, getGenres."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpResponse

from libraries.catalog_api.artist_index import IndexShape, state_of_index
from libraries.catalog_api.common import gathered
from libraries.catalog_api.extension import Asked, Sort
from libraries.catalog_api.sorting import ids_in_order
from libraries.catalog_api.tags import genre_counts
from libraries.catalog_api.views import AlbumsView
from libraries.choices import Role
from libraries.models import Album, MediaFile
from libraries.visible import library_facts
from media.external.answers import want_picture
from media.tracks import NO_SONG
from navidrome_lib.db.ids import can_be_id
from navidrome_lib.errors import NotFound
from navidrome_lib.viewer import Viewer as AnyViewer
from subsonic.folders import in_folders
from subsonic.indexes import artist_index
from subsonic.kept import kept_answer
from subsonic.objects.albums import album_list, albums_of
from subsonic.objects.artists import artist_id3, artists_of
from subsonic.objects.songs import song_list, songs_of
from subsonic.params import Params
from subsonic.renderers import Payload
from users.models import Viewer

NO_ARTIST = "This artist does not exist."
NO_ALBUM = "This album does not exist."
# as they are played; the path decides where tags do not
ON_ALBUM = Sort("disc_number", "track_number", "path")
BY_YEAR = AlbumsView.sorts["maxYear"]
AS_ARTISTS_ID3: Final = IndexShape(artist_id3)


def get_artists(caller: Viewer, params: Params) -> HttpResponse:
    """`/rest/getArtists`: the artists of albums, by the letters that their names begin with."""
    viewer = in_folders(caller, params)
    key = f"getArtists {caller.pk} {state_of_index(viewer)}"
    return kept_answer(params, key, lambda: {"artists": artist_index(viewer, AS_ARTISTS_ID3)})


def get_artist(caller: Viewer, params: Params) -> Payload:
    """`/rest/getArtist`: an artist with the albums that it is the artist of, the oldest first."""
    pk = params.required("id")
    found = artists_of(caller, [pk]) if can_be_id(pk) else []
    if not found:
        raise NotFound(NO_ARTIST)
    return {"artist": found[0] | {"album": album_list(caller, album_ids_of(caller, pk))}}


def album_ids_of(viewer: AnyViewer, artist_id: str) -> list[str]:
    """The ids of the albums that an artist is the artist of, the oldest first."""
    # joined from what the artist takes part in: a condition on each song would have PostgreSQL read all of them
    parts = {"participants__artist": artist_id, "participants__role": Role.ALBUM_ARTIST}
    on = MediaFile.objects.in_catalog().present().filter(**parts).order_by().values("album_ref")
    return in_order(Album.objects.visible_to(viewer).present().filter(pk__in=on), BY_YEAR, viewer)


def song_ids_on(viewer: AnyViewer, album_id: str) -> list[str]:
    """The ids of the songs of an album, by disc and track."""
    return in_order(MediaFile.objects.visible_to(viewer).present().filter(album_ref=album_id), ON_ALBUM, viewer)


def in_order(found: QuerySet[Any], sort: Sort, viewer: AnyViewer) -> list[str]:
    """The ids of all of some rows, in an order."""
    return ids_in_order(found, sort, Asked(viewer, ""), descending=False)


def get_album(caller: Viewer, params: Params) -> Payload:
    """`/rest/getAlbum`: an album with its songs, by disc and track."""
    pk = params.required("id")
    found = albums_of(caller, [pk]) if can_be_id(pk) else []
    if not found:
        raise NotFound(NO_ALBUM)
    if "coverArt" not in found[0]:
        want_picture(pk)
    return {"album": found[0] | {"song": song_list(caller, song_ids_on(caller, pk))}}


def get_song(caller: Viewer, params: Params) -> Payload:
    """`/rest/getSong`: one song."""
    pk = params.required("id")
    found = songs_of(caller, [pk]) if can_be_id(pk) else []
    if not found:
        raise NotFound(NO_SONG)
    return {"song": found[0]}


def get_genres(caller: Viewer, params: Params) -> Payload | HttpResponse:
    """`/rest/getGenres`: the genres, the most frequent first."""
    viewer = in_folders(caller, params)
    libraries = library_facts(viewer)
    if not gathered(libraries):
        return all_genres(viewer)
    return kept_answer(params, f"getGenres {caller.pk} {sorted(libraries.items())}", lambda: all_genres(viewer))


def all_genres(viewer: AnyViewer) -> Payload:
    """The genres with their counts."""
    found = genre_counts(viewer)
    return {
        "genres": {
            "genre": [{"value": name, "songCount": songs, "albumCount": albums} for name, songs, albums in found]
        }
    }
