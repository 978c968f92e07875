"""Twins: the same lists as browsing by tags and as browsing by folders show them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from navidrome_lib.viewer import Viewer
from subsonic.objects.albums import album_child_list, album_list
from subsonic.objects.artists import absent_artist, absent_folder_artist, artists_of, folder_artists
from subsonic.objects.values import Object
from subsonic.renderers import Listed

Make = Callable[[Viewer, Sequence[str]], list[Object]]
MakeList = Callable[[Viewer, Sequence[str]], Listed]


@dataclass(frozen=True)
class Shape:
    """How albums and artists look, made of their ids; `absent` of the name and MusicBrainz id of an artist not here."""

    albums: MakeList
    artists: Make
    absent: Callable[[str, str], Object]


BY_TAGS: Final = Shape(album_list, artists_of, absent_artist)
BY_FOLDERS: Final = Shape(album_child_list, folder_artists, absent_folder_artist)
