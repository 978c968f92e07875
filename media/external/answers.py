"""What services outside have told of a thing that a viewer was found to see. It is read here, and never waited for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from media.choices import CoverKind, Source
from media.external.wishes import sources_of, wish
from media.models import OutsideInfo

# what a missing cover is found by
PICTURES: Final = (Source.MUSICBRAINZ, Source.COVER_ART_ARCHIVE)


@dataclass(frozen=True)
class Told:
    """What is kept of a thing, of each part what the first service in the order of the option says."""

    text: str = ""
    url: str = ""
    mbz: str = ""
    similar: tuple[dict[str, str], ...] = field(default=())
    top: tuple[dict[str, str], ...] = field(default=())


NOTHING: Final = Told()


def told_of(kind: CoverKind, item: str) -> Told:
    """What is kept of a thing; services that have not told of it, or long ago, are asked for the next time."""
    sources = sources_of(kind)
    if not sources or not item:
        return NOTHING
    rows = kept(kind, item, sources)
    wish_missing(kind, item, sources, rows)
    abouts = [rows[source].about for source in sources if source in rows]
    return Told(
        text=first(abouts, "text") or "",
        url=first(abouts, "url") or "",
        mbz=first(abouts, "mbz") or "",
        similar=tuple(first(abouts, "similar") or ()),
        top=tuple(first(abouts, "top") or ()),
    )


def want_picture(album: str) -> None:
    """Have a cover looked for outside, of an album without one, unless that has been done."""
    sources = [source for source in sources_of(CoverKind.ALBUM) if source in PICTURES]
    if Source.COVER_ART_ARCHIVE in sources:
        wish_missing(CoverKind.ALBUM, album, sources, kept(CoverKind.ALBUM, album, sources))


def picture_of(album: str) -> str:
    """The name of the file of an album's cover from outside; empty without one."""
    if Source.COVER_ART_ARCHIVE not in sources_of(CoverKind.ALBUM):
        return ""
    found = kept(CoverKind.ALBUM, album, [Source.COVER_ART_ARCHIVE])
    name: str = found[Source.COVER_ART_ARCHIVE].about.get("picture", "") if found else ""
    return name


def kept(kind: CoverKind, item: str, sources: Sequence[Source]) -> dict[Source, OutsideInfo]:
    """The rows of a thing by their source."""
    rows = OutsideInfo.objects.filter(kind=str(kind), item_id=item, source__in=list(map(str, sources)))
    return {Source(row.source): row for row in rows}


def wish_missing(kind: CoverKind, item: str, sources: Sequence[Source], rows: dict[Source, OutsideInfo]) -> None:
    """Have those services asked that have no row of a thing, or an old one that does not wait."""
    old = timezone.now() - timedelta(seconds=settings.CONF.external.lifetime)
    missing = [source for source in sources if source not in rows or is_old(rows[source], old)]
    wish(kind, item, missing)


def is_old(row: OutsideInfo, old: datetime) -> bool:
    """Whether a service is to be asked again, and does not wait for that already."""
    return row.next_try_at is None and (row.settled_at is None or row.settled_at < old)


def first(abouts: Sequence[dict[str, Any]], key: str) -> Any:
    """The first value that there is of a key."""
    return next((about[key] for about in abouts if about.get(key)), None)
