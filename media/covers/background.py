"""What is known of covers before anybody asks: albums that are new or changed, a few at a time."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Exists, OuterRef

from libraries.models import Album, Artist, MediaFile
from media.choices import CoverKind
from media.covers.service import Wish, known_cover, look_for
from media.covers.subjects import album_subject
from media.errors import StorageAway
from media.images.pool import ImagesBusy
from media.models import Cover
from navidrome_lib import stopping

# what most clients show first: so that it is in the cache already
FIRST_SHOWN = Wish(edge=300)


def find_covers() -> int:
    """Look for the pictures of some albums that have none that is newer than themselves; the number of albums."""
    newer = Cover.objects.filter(
        kind=str(CoverKind.ALBUM), item_id=OuterRef("pk"), part="", updated_at__gte=OuterRef("updated_at")
    )
    albums = Album.objects.present().filter(library__deleted_at__isnull=True, library__offline_since__isnull=True)
    waiting = albums.filter(~Exists(newer)).select_related("library").order_by("pk")
    done = 0
    for album in waiting[: settings.MEDIA_LIMITS.covers_at_once]:
        if stopping.is_asked():
            break
        subject = album_subject(album)
        try:
            row, made = look_for(subject, FIRST_SHOWN, known_cover(subject))
        except (StorageAway, ImagesBusy):
            continue
        if made is None:
            row.save(update_fields=["updated_at"])
        done += 1
    return done


def prune_covers() -> int:
    """Delete the rows of what is gone from the catalog; the number of rows."""
    tables = {
        CoverKind.ALBUM: Album.objects.all(),
        CoverKind.DISC: Album.objects.all(),
        CoverKind.TRACK: MediaFile.objects.all(),
        CoverKind.ARTIST: Artist.objects.all(),
    }
    deleted = 0
    for kind, rows in tables.items():
        gone = Cover.objects.filter(kind=str(kind)).filter(~Exists(rows.filter(pk=OuterRef("item_id"))))
        deleted += gone.delete()[0]
    return deleted
