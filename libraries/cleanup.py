"""Remove what nothing refers to any more, in batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from libraries.models import (
    Album,
    AlbumTag,
    Artist,
    Folder,
    Genre,
    HeldMark,
    Library,
    LibraryArtist,
    MediaFile,
    MountPoint,
    Participant,
    Scan,
    ScanChange,
    ScanProblem,
    TrackGenre,
    UnreadFolder,
)
from libraries.search.index import forget_songs
from navidrome_lib import stopping
from navidrome_lib.db.attached import count_attached, delete_attached, unattached
from navidrome_lib.db.bulk import delete_where
from navidrome_lib.db.ids import first_id
from navidrome_lib.db.prepared import PreparedQuery

# tables of the catalog with a foreign key to tracks, whose rows are deleted with them; a new one is added here
TRACK_DEPENDENTS: tuple[type[models.Model], ...] = (Participant, TrackGenre, HeldMark)


def delete_tracks(ids: Collection[str]) -> None:
    """Delete tracks and what hangs on them. Totals and counts are the caller's, and `forget_songs`, in its own time."""
    # the tracks first: a writer of one at this moment has committed before its dependents go, or finds it gone
    delete_where(MediaFile, "id", ids)
    for model in TRACK_DEPENDENTS:
        delete_where(model, "media_file_id", ids)
    delete_attached(MediaFile, ids)


def _first_of(rows: Callable[..., models.QuerySet[Any]], *kinds: type[str] | type[int]) -> PreparedQuery[Any]:
    """The first of the rows that are to go. Most scans ask in vain, and what asks them is built once."""
    return PreparedQuery(lambda *values: rows(*values).order_by("pk").values_list("pk", flat=True)[:1], *kinds)


def _empty_albums(library_id: int) -> models.QuerySet[Album]:
    tracks = MediaFile.objects.filter(album_ref=OuterRef("pk"))
    left = MediaFile.objects.filter(left_album=OuterRef("pk"))
    return unattached(Album.objects.filter(library=library_id, song_count=0).filter(~Exists(tracks), ~Exists(left)))


_empty_album = _first_of(_empty_albums, int)


def prune_albums(library_id: int) -> int:
    """Delete the albums of a library that have no track at all, be it missing or purged, and nothing that people added.

    An album without any track is in no list; with what people said of it, it waits for tracks to return. So do artists.

    One that tracks have left is settled first, by the scan of the library where they are.
    """
    if not _empty_album.rows(library_id):
        return 0
    return _delete_found(Album, _empty_albums(library_id), before=lambda ids: delete_where(AlbumTag, "album_id", ids))


def prune_artists() -> int:
    """Delete the artists that take part in nothing anywhere, describe no album, and whom nothing of people refers to.

    Young ones stay: a scan that is running may have created them for the tracks that it is about to write.
    """
    old = Artist.objects.filter(created_at__lt=timezone.now() - timedelta(hours=1))
    unused = old.filter(
        ~Exists(Participant.objects.filter(artist=OuterRef("pk"))), ~Exists(Album.objects.filter(artist=OuterRef("pk")))
    )
    return _delete_found(Artist, unattached(unused), before=lambda ids: delete_where(LibraryArtist, "artist_id", ids))


def _unused_genres(before: str) -> models.QuerySet[Genre]:
    return Genre.objects.filter(pk__lt=before).filter(~Exists(TrackGenre.objects.filter(genre=OuterRef("pk"))))


_unused_genre = _first_of(_unused_genres, str)


def prune_genres() -> int:
    """Delete the genres of no track, young ones excepted as with artists."""
    before = first_id(timezone.now() - timedelta(hours=1))
    return _delete_found(Genre, _unused_genres(before)) if _unused_genre.rows(before) else 0


def _empty_folders(library_id: int) -> models.QuerySet[Folder]:
    tracks = MediaFile.objects.filter(folder=OuterRef("pk"))
    return Folder.objects.filter(library=library_id, missing=True).filter(~Exists(tracks))


_empty_folder = _first_of(_empty_folders, int)


def prune_folders(library_id: int) -> int:
    """Delete the missing folders of a library that hold no track any more, not even a purged one."""
    return _delete_found(Folder, _empty_folders(library_id)) if _empty_folder.rows(library_id) else 0


_changing_scans = PreparedQuery(
    lambda library_id: (
        Scan.objects.filter(Exists(ScanChange.objects.filter(scan=OuterRef("pk"))), library=library_id)
        .order_by("-pk")
        .values_list("pk", flat=True)
    ),
    int,
)


def prune_changes(library_id: int, *, kept: int) -> int:
    """Delete what scans changed folder by folder, but for the `kept` last scans of a library that changed anything."""
    oldest = _changing_scans.rows(library_id)[kept:]
    return sum(_delete_found(ScanChange, ScanChange.objects.filter(scan=scan_id)) for scan_id in oldest)


def _delete_found(
    model: type[models.Model],
    rows: models.QuerySet[Any],
    *,
    before: Callable[[list[str]], None] | None = None,
) -> int:
    count, later = 0, rows
    while ids := list(later.order_by("pk").values_list("pk", flat=True)[:500]):
        later = rows.filter(pk__gt=ids[-1])
        with transaction.atomic():
            free = model._default_manager.select_for_update(skip_locked=True).filter(pk__in=ids).order_by("pk")
            # asked again behind the lock: a writer that held a row until now may use it (see lock_referenced_rows)
            ids = list(rows.filter(pk__in=list(free.values_list("pk", flat=True))).values_list("pk", flat=True))
            if before is not None:
                before(ids)
            delete_where(model, "id", ids)
        count += len(ids)
    return count


def attached_to_library(library_id: int) -> dict[str, int]:
    """What people added to the tracks and albums of a library, by kind: it goes with the library."""
    found: dict[str, int] = {}
    for model in (MediaFile, Album):
        for label, count in count_attached(model, library=library_id):
            found[str(label)] = found.get(str(label), 0) + count
    return found


def clear_library(library_id: int, *, batch: int = 500, pause: float = 0.01) -> bool:
    """Delete the rows of a removed library in short transactions, so that no writer waits; then the library itself.

    May be called again after any interruption. False when it does not apply (the library exists, or is still being
    scanned), or when the process is stopped meanwhile.
    """
    library = Library.objects.filter(pk=library_id, deleted_at__isnull=False)
    if not library.exists() or Scan.objects.running().filter(library=library_id).exists():
        return False
    tracks = MediaFile.objects.filter(library=library_id).order_by("pk")
    while ids := list(tracks.values_list("pk", flat=True)[:batch]):
        with transaction.atomic():
            delete_tracks(ids)
            forget_songs(ids)
        time.sleep(pause)
        if stopping.is_asked():
            return False
    for model in (AlbumTag, Album, Folder, LibraryArtist, MountPoint, UnreadFolder, ScanProblem, ScanChange, Scan):
        of_library = {"scan__library" if model is ScanChange else "library": library_id}
        rows = model._default_manager.filter(**of_library).order_by("pk")
        while keys := list(rows.values_list("pk", flat=True)[: batch * 2]):
            with transaction.atomic():
                delete_where(model, "id", keys)
                delete_attached(model, keys)
            time.sleep(pause)
    with transaction.atomic():
        # locked first: a writer that gives access to it at this moment has done so before, or finds it gone
        if library.select_for_update().first() is not None:
            library.delete()  # through Django: the grants of users and whatever else refers to it go with it
    prune_artists()
    prune_genres()
    return True
