"""What covers are of, as a viewer may see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from libraries.models import Album, Artist, Library, MediaFile
from listening.models import Radio
from media.choices import CoverKind
from media.covers.ids import CoverId
from media.covers.sources import CoverSearch, Place
from navidrome_lib.viewer import Viewer


@dataclass(frozen=True)
class Subject:
    """A thing that may have a cover: the key of its row, its library, and where its picture may be."""

    kind: CoverKind
    item: str
    part: str
    library: Library
    places: Callable[[], Iterator[Place]]


def subjects(viewer: Viewer, wanted: CoverId) -> list[Subject]:
    """What an id is of, an artist once for each library; none where there is nothing that the viewer may know of."""
    finders = {
        CoverKind.ALBUM: _album,
        CoverKind.DISC: _album,
        CoverKind.TRACK: _track,
        CoverKind.ARTIST: _artist,
    }
    kinds = (CoverKind.ALBUM, CoverKind.TRACK, CoverKind.ARTIST) if wanted.kind is None else (wanted.kind,)
    for kind in kinds:
        found = finders[kind](viewer, wanted) if kind in finders else []
        if found:
            return found
    return []


def is_station(viewer: Viewer, wanted: CoverId) -> bool:
    """Whether an id is of a radio station, which all people of the server see; its picture is in no library."""
    return wanted.kind is CoverKind.RADIO and viewer.is_active and Radio.objects.filter(pk=wanted.item).exists()


def album_subject(album: Album) -> Subject:
    """The album itself; its `library` should be at hand."""
    return Subject(CoverKind.ALBUM, album.pk, "", album.library, lambda: CoverSearch().of_album(album))


def artist_subject(artist: Artist, library: Library) -> Subject:
    """An artist as in one library."""
    part = str(library.pk)
    return Subject(CoverKind.ARTIST, artist.pk, part, library, lambda: CoverSearch().of_artist(artist, library))


def _album(viewer: Viewer, wanted: CoverId) -> list[Subject]:
    albums = Album.objects.visible_to(viewer).filter(pk=wanted.item)
    needed = ("song_count", "library__name", "library__path", "library__follow_symlinks")
    album: Album | None = albums.select_related("library").only(*needed).first()
    # the second question is a long one, and nearly never asked
    if album is None or (not album.song_count and not albums.in_catalog().exists()):
        return []
    if wanted.kind is not CoverKind.DISC:
        return [album_subject(album)]
    number = wanted.disc
    return [Subject(CoverKind.DISC, album.pk, str(number), album.library, lambda: CoverSearch().of_disc(album, number))]


def _track(viewer: Viewer, wanted: CoverId) -> list[Subject]:
    tracks = MediaFile.objects.visible_to(viewer).select_related("library", "folder", "album_ref__library")
    track: MediaFile | None = tracks.filter(pk=wanted.item).defer("tags").first()
    if track is None:
        return []
    return [Subject(CoverKind.TRACK, track.pk, "", track.library, lambda: CoverSearch().of_track(track))]


def _artist(viewer: Viewer, wanted: CoverId) -> list[Subject]:
    artist: Artist | None = Artist.objects.visible_to(viewer).filter(pk=wanted.item).first()
    if artist is None:
        return []
    libraries = Library.objects.visible_to(viewer).filter(
        library_artists__artist=artist, library_artists__song_count__gt=0
    )
    return [artist_subject(artist, library) for library in libraries.order_by("pk")]
