"""What is known of covers before it is asked for: albums that are new or changed, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from django.db.models import CharField, Exists, OuterRef, QuerySet
from django.db.models.functions import Cast

from libraries.models import Album, Artist, LibraryArtist, MediaFile, Scan
from listening.models import Playlist, Radio
from media.choices import GIVEN, CoverKind
from media.covers.service import Wish, known_cover, look_for
from media.covers.subjects import Subject, album_subject, artist_subject
from media.errors import StorageAway
from media.external.keeping import outside_pictures, prune_outside
from media.images.pool import ImagesBusy
from media.limits import MediaLimits
from media.models import Cover
from media.uploads.store import forget_others
from navidrome_lib import stopping
from navidrome_lib.limits import limits_of

# what most clients show first: so that it is in the cache already
FIRST_SHOWN = Wish(edge=300)


def find_covers() -> int:
    """Look for the pictures of some albums and artists that are new or have changed; the number of things.

    None while a scan runs: what is asked for is shown all the same, and the scan has the storage and the memory.
    """
    if Scan.objects.running().exists():
        return 0
    limit = limits_of(MediaLimits).covers_at_once
    done = 0
    for subject in chain(albums_waiting(limit), artists_waiting(limit)):
        if done >= limit or stopping.is_asked():
            break
        try:
            row, made = look_for(subject, FIRST_SHOWN, known_cover(subject))
        except (StorageAway, ImagesBusy):
            continue
        if made is None:
            row.save(update_fields=["updated_at"])
        done += 1
    return done


def is_due() -> bool:
    """Whether there is an album or an artist to look for, and no scan runs."""
    return not Scan.objects.running().exists() and (waiting_albums().exists() or waiting_artists().exists())


def waiting_albums() -> QuerySet[Album]:
    """Albums whose picture was not looked for since they are as they are."""
    newer = Cover.objects.filter(
        kind=str(CoverKind.ALBUM), item_id=OuterRef("pk"), part="", updated_at__gte=OuterRef("updated_at")
    )
    albums = Album.objects.present().filter(library__deleted_at__isnull=True, library__offline_since__isnull=True)
    return albums.filter(~Exists(newer))


def waiting_artists() -> QuerySet[LibraryArtist]:
    """Artists of albums whose picture has not been looked for, each in a library."""
    known = Cover.objects.filter(
        kind=str(CoverKind.ARTIST), item_id=OuterRef("artist_id"), part=Cast(OuterRef("library_id"), CharField())
    )
    online = LibraryArtist.objects.filter(library__deleted_at__isnull=True, library__offline_since__isnull=True)
    return online.filter(~Exists(known), album_count__gt=0)


def albums_waiting(limit: int) -> Iterator[Subject]:
    yield from map(album_subject, waiting_albums().select_related("library").order_by("pk")[:limit])


def artists_waiting(limit: int) -> Iterator[Subject]:
    for row in waiting_artists().select_related("library", "artist").order_by("pk")[:limit]:
        yield artist_subject(row.artist, row.library)


def prune_covers() -> int:
    """Delete the rows of what is gone from the catalog, and pictures that belong to nothing; the number of rows."""
    tables = {
        CoverKind.ALBUM: Album.objects.all(),
        CoverKind.DISC: Album.objects.all(),
        CoverKind.TRACK: MediaFile.objects.all(),
        CoverKind.ARTIST: Artist.objects.all(),
        CoverKind.PLAYLIST: Playlist.objects.all(),
        CoverKind.RADIO: Radio.objects.all(),
    }
    deleted = 0
    for kind, rows in tables.items():
        gone = Cover.objects.filter(kind=str(kind)).filter(~Exists(rows.filter(pk=OuterRef("item_id"))))
        deleted += gone.delete()[0]
    deleted += prune_outside()
    given = Cover.objects.filter(kind__in=[str(kind) for kind in GIVEN], part="")
    forget_others({*given.values_list("source_key", flat=True), *outside_pictures()})
    return deleted
