"""What is kept of things that are gone, and the files that belong to what is kept."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from libraries.models import Album, Artist
from media.choices import CoverKind, Source
from media.models import OutsideInfo


def prune_outside() -> int:
    """Delete what services outside have told of albums and artists that are gone; says how many rows."""
    deleted = 0
    for kind, rows in ((CoverKind.ALBUM, Album.objects.all()), (CoverKind.ARTIST, Artist.objects.all())):
        gone = OutsideInfo.objects.filter(kind=str(kind)).filter(~Exists(rows.filter(pk=OuterRef("item_id"))))
        deleted += gone.delete()[0]
    return deleted


def outside_pictures() -> set[str]:
    """The names of the files of covers from outside."""
    rows = OutsideInfo.objects.filter(source=str(Source.COVER_ART_ARCHIVE)).values_list("about", flat=True)
    return {about["picture"] for about in rows.iterator() if about.get("picture")}
