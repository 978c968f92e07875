"""Browsing by folders, which are built of tags: getMusicFolders, getIndexes, getMusicDirectory."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse

from libraries import visible
from libraries.catalog_api.albums import album_objects
from libraries.catalog_api.artist_index import IndexShape, state_of_index, written_album_artists
from libraries.catalog_api.artists import artist_objects
from libraries.models import Library
from navidrome_lib.db.ids import can_be_id
from navidrome_lib.errors import NotFound
from subsonic import payloads
from subsonic.folders import FolderViewer, in_folders
from subsonic.indexes import artist_index, ignored_articles, is_unchanged, last_modified
from subsonic.kept import kept_answer
from subsonic.objects.albums import album_child_list
from subsonic.objects.artists import child_of_artist, folder_artist
from subsonic.objects.directories import album_directory, artist_directory, library_directory
from subsonic.objects.songs import song_list
from subsonic.objects.values import Object
from subsonic.params import Params, whole
from subsonic.renderers import Payload, listed
from subsonic.views.browsing import album_ids_of, song_ids_on
from users.models import Viewer

NO_DIRECTORY = "This directory does not exist."
AS_ARTISTS: Final = IndexShape(folder_artist)
AS_CHILDREN: Final = IndexShape(child_of_artist)


def get_music_folders(caller: Viewer, params: Params) -> Payload:
    """`/rest/getMusicFolders`: the libraries that the caller can access."""
    return {"musicFolders": payloads.music_folders(visible.libraries(caller))}


def get_indexes(caller: Viewer, params: Params) -> Payload | HttpResponse:
    """`/rest/getIndexes`: the artists of albums by letter; without them where nothing changed since a moment."""
    viewer = in_folders(caller, params)
    since = params.text("ifModifiedSince").strip()
    if since.isascii() and since.isdigit() and is_unchanged(viewer, int(since[:18])):
        return {"indexes": {"ignoredArticles": ignored_articles(), "lastModified": last_modified(viewer)}}
    key = f"getIndexes {caller.pk} {state_of_index(viewer)}"
    return kept_answer(params, key, lambda: {"indexes": artist_index(viewer, AS_ARTISTS)})


def get_music_directory(caller: Viewer, params: Params) -> Payload:
    """`/rest/getMusicDirectory`: the artists of a music folder, the albums of an artist, or the songs of an album."""
    pk = params.required("id")
    found = directory_of(caller, pk) if can_be_id(pk) else None
    if found is None:
        raise NotFound(NO_DIRECTORY)
    return {"directory": found}


def directory_of(caller: Viewer, pk: str) -> Object | None:
    """A directory and what is in it; None where there is none with this id that the caller can see."""
    for album in album_objects([pk], caller):
        if not album["missing"]:
            return album_directory(album) | {"child": song_list(caller, song_ids_on(caller, pk))}
    for artist in artist_objects([pk], caller):
        if not artist["missing"]:
            return artist_directory(artist) | {"child": album_child_list(caller, album_ids_of(caller, pk))}
    number = whole(pk, digits=15)
    library = Library.objects.visible_to(caller).filter(pk=number).first() if number is not None else None
    if library is None:
        return None
    artists = written_album_artists(FolderViewer(caller, (library.pk,)), AS_CHILDREN)
    return library_directory(library) | {"child": listed([text for _, text in artists])}
