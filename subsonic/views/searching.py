"""Searching: search2, search3. An empty search lists everything, page by page: so clients copy the catalog."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from libraries.catalog_api.finding import Rows, found_albums, found_artists, found_songs
from navidrome_lib.viewer import Viewer as AnyViewer
from subsonic import copying, rows
from subsonic.folders import in_folders
from subsonic.objects.shapes import BY_FOLDERS, BY_TAGS, Shape
from subsonic.objects.songs import song_list
from subsonic.objects.values import Object
from subsonic.params import Params
from subsonic.renderers import Payload
from users.models import Viewer

DEFAULT_COUNT: Final = 20
# a client that copies the catalog may ask for large pages; this many objects fit into one answer
MOST: Final = 20_000


@dataclass(frozen=True)
class Kind:
    """What is searched for: its rows, and those of them that a text finds, in the order of the answer."""

    name: str
    rows: Rows
    find: Callable[[Rows, str, AnyViewer], list[str]]


ARTIST: Final = Kind("artist", rows.artists, found_artists)
ALBUM: Final = Kind("album", rows.albums, found_albums)
SONG: Final = Kind("song", rows.songs, found_songs)


def search3(caller: Viewer, params: Params) -> Payload:
    """`/rest/search3`: artists, albums and songs with words that begin so."""
    return {"searchResult3": search(caller, params, BY_TAGS)}


def search2(caller: Viewer, params: Params) -> Payload:
    """`/rest/search2`: the same as browsing by folders shows them."""
    return {"searchResult2": search(caller, params, BY_FOLDERS)}


def search(caller: Viewer, params: Params, shape: Shape) -> Object:
    """What is found of each kind."""
    viewer = in_folders(caller, params)
    text = params.text("query").strip().strip('"').removesuffix("*").strip()
    return {
        "artist": shape.artists(viewer, found_ids(ARTIST, text, viewer, params)),
        "album": shape.albums(viewer, found_ids(ALBUM, text, viewer, params)),
        "song": song_list(viewer, found_ids(SONG, text, viewer, params)),
    }


def found_ids(kind: Kind, text: str, viewer: AnyViewer, params: Params) -> list[str]:
    """The ids of a page of what is found of one kind."""
    first = params.number(f"{kind.name}Offset")
    size = params.limit(f"{kind.name}Count", DEFAULT_COUNT, MOST)
    if not size:
        return []
    if not text:
        return copying.page(kind.name, kind.rows, viewer, params.text("c"), first, size)
    return kind.find(kind.rows, text, viewer)[first : first + size]
