"""Making the covers of a thing again: where its picture is looked for again, whatever is known and kept of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db.models import Q
from django.utils import timezone

from libraries.models import MediaFile
from media.choices import CoverKind
from media.covers.background import FIRST_SHOWN
from media.covers.ids import parse_cover_id
from media.covers.mosaics import mosaic_albums, mosaic_digest
from media.covers.service import NO_COVER, image_cache, known_cover, look_for
from media.covers.subjects import Subject, is_station, subjects
from media.errors import PicturesBusy
from media.external.answers import PICTURES
from media.images.jobs import MAX_PICTURES
from media.images.pool import ImagesBusy
from media.models import Cover, OutsideInfo
from navidrome_lib.errors import InvalidInput, NotFound
from navidrome_lib.viewer import Viewer

NO_KIND: Final = "There are no covers of this kind: al, ar, dc, mf, pl and ra are known."


def refresh_covers(viewer: Viewer, kind: str, pk: str) -> None:
    """Look for the picture of a thing, and make its covers of that; what a person gave it stays.

    `InvalidInput` for another kind, `NotFound`, and `Unavailable` when the storage cannot tell: then all stays as it
    is. The picture of a playlist is made of those of its albums.
    """
    if kind not in set(map(str, CoverKind)):
        raise InvalidInput(NO_KIND)
    wanted = parse_cover_id(f"{kind}-{pk}")
    if wanted is None:
        raise NotFound(NO_COVER)
    found = subjects(viewer, wanted) or mosaic_albums(viewer, wanted)
    if found is None and not is_station(viewer, wanted):
        raise NotFound(NO_COVER)
    try:
        digests = dict.fromkeys(_look_again(subject) for subject in found or ())
    except ImagesBusy:
        raise PicturesBusy(retry_after=1) from None
    _forget_sizes([mosaic_digest(list(filter(None, digests))[:MAX_PICTURES])])
    given = Cover.objects.filter(kind=kind, item_id=wanted.item, part="")
    _forget_sizes(given.values_list("digest", flat=True))


def _look_again(subject: Subject) -> str:
    """Look where the picture of one thing is, as if nothing were known of it; its digest, empty without one."""
    known = known_cover(subject)
    row, made = look_for(subject, FIRST_SHOWN, None)
    _forget_sizes({row.digest, known.digest if known else ""})
    if made is not None:
        image_cache().put(FIRST_SHOWN.name(made.digest), made.data)
    if subject.kind is CoverKind.ALBUM:
        _forget_below(subject.item)
        # one from outside is shown until another comes
        outside = OutsideInfo.objects.filter(kind=str(CoverKind.ALBUM), item_id=subject.item)
        outside.filter(source__in=list(map(str, PICTURES)), next_try_at=None).update(
            next_try_at=timezone.now(), failures=0
        )
    return str(row.digest)


def _forget_below(album: str) -> None:
    """Forget what is known of the pictures of the discs and songs of an album: most of them show that of the album."""
    songs = MediaFile.objects.filter(album_ref=album).values("pk")
    below = Q(kind=str(CoverKind.DISC), item_id=album) | Q(kind=str(CoverKind.TRACK), item_id__in=songs)
    rows = Cover.objects.filter(below)
    digests = set(rows.values_list("digest", flat=True))
    rows.delete()
    _forget_sizes(digests)


def _forget_sizes(digests: Iterable[str]) -> None:
    for digest in filter(None, digests):
        image_cache().forget(digest)
