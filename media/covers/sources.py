"""Where the picture of an album, a disc, an artist or a track may be: in folders, and in the files themselves.

What is looked for is said by the options; the first that is there counts. Everything is opened below the root of the
library.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from libraries.limits import StorageLimits
from libraries.models import Album, Artist, Library, MediaFile
from libraries.querysets import MediaFileQuerySet
from libraries.storage.opening import list_below, open_below
from libraries.timeouts import call_with_timeout
from media.covers.patterns import EMBEDDED, EXTERNAL, pictures_in
from media.external.answers import picture_of
from media.opening import relative_path
from media.uploads.store import open_picture
from navidrome_lib.limits import limits_of

# of an album or an artist: more would make one cover as costly as a scan
MAX_FOLDERS: Final = 40
MAX_TRACKS: Final = 2000
MAX_FILES: Final = 3
MAX_ALBUMS: Final = 3
ALBUM_PREFIX: Final = "album/"


@dataclass(frozen=True)
class Place:
    """A file of a library that is a picture, or in which one is embedded (`suffix` is that of the audio then)."""

    library: Library
    path: bytes
    suffix: str = ""

    def open(self) -> int:
        """Open it below the root of the library, in bounded time. Raises OSError."""
        root = os.fsencode(self.library.path)
        follow = self.library.follow_symlinks
        return call_with_timeout(
            lambda: open_below(root, self.path, follow_links=follow),
            about=self.library.path,
            limits=limits_of(StorageLimits),
        )


class OutsidePlace(Place):
    """A cover that a service outside had; `path` is the name of its file in the data folder."""

    def open(self) -> int:
        """Open it. Raises OSError."""
        fd = open_picture(os.fsdecode(self.path))
        if fd is None:
            raise FileNotFoundError(self.path)
        return fd


@dataclass(frozen=True)
class Found:
    """A file that is there; who takes it closes `fd`. `key` tells it from any other file, and from itself changed."""

    place: Place
    fd: int
    key: str


def those_there(places: Iterator[Place]) -> Iterator[Found]:
    """The places whose files can be opened. Raises TimeoutError when the storage does not answer."""
    for place in places:
        try:
            fd = place.open()
        except TimeoutError:
            raise
        except OSError:
            continue
        facts = os.fstat(fd)
        text = f"{place.library.pk}\0{facts.st_size}\0{facts.st_mtime_ns}\0{place.suffix}\0".encode() + place.path
        yield Found(place, fd, hashlib.blake2b(text, digest_size=16).hexdigest())


class CoverSearch:
    """The places where pictures may be, the likeliest first. One search lists each folder once."""

    def __init__(self) -> None:
        self._listed: dict[tuple[int, bytes], list[bytes]] = {}

    def of_track(self, track: MediaFile) -> Iterator[Place]:
        """The picture in the file, else that of its disc, else that of its album."""
        if track.has_picture and not track.missing:
            yield Place(track.library, relative_path(track), track.suffix)
        if track.album_ref is not None:
            yield from self.of_disc(track.album_ref, track.disc_number or 0)

    def of_disc(self, album: Album, number: int) -> Iterator[Place]:
        """The pictures of a disc (`disc2.jpg`, those in a folder of its own, in its files), else those of the album."""
        tracks = _tracks(MediaFile.objects.filter(album_ref=album))
        own = [track for track in tracks if (track.disc_number or 0) == number]
        if own and len(own) < len(tracks):
            for name in (f"disc{number}.*", f"disc {number}.*", f"cd{number}.*", f"cd {number}.*"):
                yield from self._in_folders(album.library, _album_folders(tracks), name)
            others = set(_folders([track for track in tracks if (track.disc_number or 0) != number]))
            folders = [folder for folder in _folders(own) if folder not in others]
            yield from self._by_priority(album.library, folders, own)
        yield from self.of_album(album, tracks)

    def of_album(self, album: Album, tracks: Sequence[MediaFile] | None = None) -> Iterator[Place]:
        """The pictures above the folders of its discs, in the folders of its tracks, in its files, and from outside."""
        tracks = _tracks(MediaFile.objects.filter(album_ref=album)) if tracks is None else tracks
        yield from self._by_priority(album.library, _album_folders(tracks), tracks)
        outside = picture_of(album.pk)
        if outside:
            yield OutsidePlace(album.library, os.fsencode(outside))

    def of_artist(self, artist: Artist, library: Library) -> Iterator[Place]:
        """The pictures in the folder of an artist and in those of the own albums, else the cover of one of these."""
        own = Album.objects.present().filter(artist=artist, library=library)
        albums = list(own.order_by("-max_year", "pk")[:MAX_FOLDERS])
        folders = _folders(_tracks(MediaFile.objects.filter(album_ref__in=[album.pk for album in albums])))
        above = _above(folders)
        for pattern in settings.CONF.media.artist_art_priority:
            if pattern.startswith(ALBUM_PREFIX):
                yield from self._in_folders(library, folders, pattern[len(ALBUM_PREFIX) :])
            elif above and pattern != EXTERNAL:
                yield from self._in_folders(library, [above], pattern)
        for album in albums[:MAX_ALBUMS]:
            album.library = library
            yield from self.of_album(album)

    def _by_priority(self, library: Library, folders: Sequence[bytes], tracks: Sequence[MediaFile]) -> Iterator[Place]:
        for pattern in settings.CONF.media.cover_art_priority:
            if pattern == EMBEDDED:
                for track in [track for track in tracks if track.has_picture][:MAX_FILES]:
                    yield Place(library, relative_path(track), track.suffix)
            elif pattern != EXTERNAL:
                yield from self._in_folders(library, folders, pattern)

    def _in_folders(self, library: Library, folders: Sequence[bytes], pattern: str) -> Iterator[Place]:
        for folder in folders:
            for name in pictures_in(self._names(library, folder), pattern):
                yield Place(library, folder + b"/" + name if folder else name)

    def _names(self, library: Library, folder: bytes) -> list[bytes]:
        """The names in a folder; none where it is not there. Raises TimeoutError when the storage does not answer."""
        known = self._listed.get((library.pk, folder))
        if known is None:
            known = self._listed[library.pk, folder] = _list(library, folder)
        return known


def _list(library: Library, folder: bytes) -> list[bytes]:
    root, follow = os.fsencode(library.path), library.follow_symlinks
    try:
        return call_with_timeout(
            lambda: list_below(root, folder, follow_links=follow), about=library.path, limits=limits_of(StorageLimits)
        )
    except TimeoutError:
        raise
    except OSError:
        return []


def _album_folders(tracks: Sequence[MediaFile]) -> list[bytes]:
    """The folders of an album: the one above those of its discs first."""
    folders = _folders(tracks)
    above = os.path.commonpath(folders) if len(folders) > 1 else b""
    return [above, *folders] if above and above not in folders else folders


def _above(folders: Sequence[bytes]) -> bytes:
    """The folder of an artist, above those of the albums; empty where that is the root, which is no artist's."""
    if not folders:
        return b""
    common = os.path.commonpath(folders)
    return os.path.dirname(common) if common in folders else common


def _tracks(tracks: MediaFileQuerySet) -> list[MediaFile]:
    """What is needed of tracks that are there, in the order of an album."""
    present = tracks.present().in_catalog().select_related("folder").order_by("disc_number", "track_number", "pk")
    return list(present.only("name_bytes", "suffix", "has_picture", "disc_number", "folder__path_bytes")[:MAX_TRACKS])


def _folders(tracks: Sequence[MediaFile]) -> list[bytes]:
    """The folders of tracks in the order of the tracks, each once."""
    return list(dict.fromkeys(bytes(track.folder.path_bytes) for track in tracks))[:MAX_FOLDERS]
