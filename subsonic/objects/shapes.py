"""Twins: the same lists as browsing by tags and as browsing by folders show them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from navidrome_lib.viewer import Viewer
from subsonic.objects.albums import album_children, albums_of
from subsonic.objects.artists import artists_of, folder_artists
from subsonic.objects.values import Object

Make = Callable[[Viewer, Sequence[str]], list[Object]]


@dataclass(frozen=True)
class Shape:
    """How albums and artists look, made of their ids."""

    albums: Make
    artists: Make


BY_TAGS: Final = Shape(albums_of, artists_of)
BY_FOLDERS: Final = Shape(album_children, folder_artists)
