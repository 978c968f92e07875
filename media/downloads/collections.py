"""What can be downloaded as a whole: albums, artists, and what other apps register, such as playlists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import QuerySet

from libraries.choices import Role
from libraries.models import Album, Artist, MediaFile
from navidrome_lib.viewer import Viewer

# more would be no download that anybody wants to wait for
MAX_TRACKS = 20_000


@dataclass(frozen=True)
class Collection:
    """Tracks that belong together, in their order, and its name. `has_albums`: each album has a folder of its own."""

    name: str
    tracks: list[MediaFile]
    has_albums: bool = False
    is_ordered: bool = False


Finder = Callable[[Viewer, str], Collection | None]
_finders: list[Finder] = []


def register_collection(finder: Finder) -> None:
    """Have `finder` asked for collections of another kind: by the id, it returns what the viewer may have of it.

    Its tracks need `library` and `folder`. To be called in the `ready` of an app.
    """
    _finders.append(finder)


def registered() -> list[Finder]:
    """The finders of other apps."""
    return _finders


def find_collection(viewer: Viewer, pk: str) -> Collection | None:
    """The collection with that id as far as the viewer can access it; None where there is none."""
    for finder in (_album, _artist, *_finders):
        found = finder(viewer, pk)
        if found is not None:
            return found
    return None


def _album(viewer: Viewer, pk: str) -> Collection | None:
    album: Album | None = Album.objects.visible_to(viewer).in_catalog().filter(pk=pk).first()
    if album is None:
        return None
    return Collection(album.name, _ordered(_tracks(viewer).filter(album_ref=album)))


def _artist(viewer: Viewer, pk: str) -> Collection | None:
    """The songs of the albums of an artist; of one without albums, those that they play in."""
    artist: Artist | None = Artist.objects.visible_to(viewer).filter(pk=pk).first()
    if artist is None:
        return None
    own = _ordered(_tracks(viewer).filter(album_ref__artist=artist))
    plays = {"participants__artist": artist, "participants__role": str(Role.ARTIST)}
    return Collection(artist.name, own or _ordered(_tracks(viewer).filter(**plays)), has_albums=True)


def _tracks(viewer: Viewer) -> QuerySet[MediaFile]:
    found: QuerySet[MediaFile] = MediaFile.objects.visible_to(viewer).select_related("library", "folder")
    return found.defer("tags")


def _ordered(tracks: QuerySet[MediaFile]) -> list[MediaFile]:
    order = ("album", "album_ref", "disc_number", "track_number", "path", "pk")
    return list(tracks.order_by(*order)[:MAX_TRACKS])
