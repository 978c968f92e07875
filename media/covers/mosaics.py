"""Covers of what has no picture of its own, such as playlists: those of its first albums, four in a square."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from libraries.models import Album
from media.choices import CoverKind
from media.covers.ids import CoverId
from media.covers.sources import Found, those_there
from media.covers.subjects import Subject, album_subject
from media.images.jobs import MAX_PICTURES
from navidrome_lib.viewer import Viewer

# of one list: more are not looked at for four different pictures
MAX_ALBUMS: Final = 12

# by the id of a list, the ids of its albums in the order of its songs; None where the viewer may not know of it
AlbumsOf = Callable[[Viewer, str], Sequence[str] | None]
_finders: Final[list[AlbumsOf]] = []


def register_mosaic(finder: AlbumsOf) -> None:
    """Have `finder` asked for the albums of lists (`pl-ID`). To be called in the `ready` of an app."""
    _finders.append(finder)


def withdraw_mosaic(finder: AlbumsOf) -> None:
    """Ask `finder` no longer."""
    _finders.remove(finder)


def mosaic_albums(viewer: Viewer, wanted: CoverId) -> list[Subject] | None:
    """The first albums of a list that the viewer can access; None where there is no list that they may know of."""
    if wanted.kind not in (None, CoverKind.PLAYLIST):
        return None
    for finder in _finders:
        ids = finder(viewer, wanted.item)
        if ids is not None:
            first = list(dict.fromkeys(ids))[:MAX_ALBUMS]
            albums = Album.objects.visible_to(viewer).select_related("library").in_bulk(first)
            return [album_subject(albums[pk]) for pk in first if pk in albums]
    return None


def mosaic_digest(digests: Sequence[str]) -> str:
    """The digest of a mosaic of pictures."""
    return hashlib.blake2b(" ".join(digests).encode(), digest_size=8).hexdigest()


@contextlib.contextmanager
def opened(subjects: Sequence[Subject]) -> Iterator[list[Found]]:
    """The files of the pictures of some things, of those that are there."""
    found: list[Found] = []
    try:
        for subject in subjects[:MAX_PICTURES]:
            with contextlib.suppress(TimeoutError):  # its storage does not answer
                found += itertools.islice(those_there(subject.places()), 1)
        yield found
    finally:
        for each in found:
            os.close(each.fd)
