"""What a purge would take, without taking it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Count, QuerySet

from libraries.cleanup import TRACK_DEPENDENTS
from libraries.models import Album, Artist, Folder, MediaFile, Participant
from navidrome_lib.db.attached import attachments_of
from navidrome_lib.db.bulk import chunks


@dataclass(frozen=True, kw_only=True)
class PurgePreview:
    """The files, the albums, artists and folders that would be left without any track, and what hangs on the files."""

    ids: list[str]
    size: int
    duration: float
    albums: list[Album]
    artists: list[Artist]
    folders: list[Folder]
    attached: dict[str, int]


def preview_purge(ids: Sequence[str]) -> PurgePreview:
    """What `purge_missing_files` would do with these files now; nothing changes."""
    taken: Counter[tuple[str, str]] = Counter()
    size, duration = 0, 0.0
    for row in rows_of(MediaFile, "pk", ids, "album_ref_id", "folder_id", "size", "duration"):
        taken["album", row[0]] += 1
        taken["folder", row[1]] += 1
        size += row[2]
        duration += row[3]
    artists: Counter[str] = Counter(row[0] for row in rows_of(Participant, "media_file", ids, "artist_id"))
    # what earlier purges hide is in no list any more: it keeps nothing there
    listed = MediaFile.objects.in_catalog()
    parts = Participant.objects.filter(media_file__purge_id__isnull=True)
    return PurgePreview(
        ids=list(ids),
        size=size,
        duration=duration,
        albums=emptied(Album, listed, "album_ref", only(taken, "album")),
        artists=emptied(Artist, parts, "artist", artists),
        folders=emptied(Folder, listed, "folder", only(taken, "folder")),
        attached={
            str(model._meta.verbose_name_plural): sum(1 for _ in rows_of(model, "media_file", ids, "pk"))
            for model in (*TRACK_DEPENDENTS, *(attachment.model for attachment in attachments_of(MediaFile)))
        },
    )


def rows_of(model: type[models.Model], field: str, ids: Iterable[str], *columns: str) -> Iterator[tuple[Any, ...]]:
    """Columns of the rows whose `field` is one of `ids`."""
    for piece in chunks(ids):
        yield from model._default_manager.filter(**{f"{field}__in": piece}).order_by().values_list(*columns)


def only(taken: Counter[tuple[str, str]], kind: str) -> Counter[str]:
    return Counter({pk: count for (sort, pk), count in taken.items() if sort == kind and pk})


def emptied(model: type[models.Model], members: QuerySet[Any], field: str, taken: Counter[str]) -> list[Any]:
    """The rows of `model` all of whose `members` would be taken, in the order of their ids."""
    gone: list[str] = []
    for piece in chunks(sorted(taken)):
        counts = members.filter(**{f"{field}__in": piece}).order_by().values_list(field).annotate(n=Count("pk"))
        gone += [pk for pk, count in counts if count == taken[pk]]
    manager = model._default_manager
    return [row for piece in chunks(sorted(gone)) for row in manager.filter(pk__in=piece).order_by("pk")]
