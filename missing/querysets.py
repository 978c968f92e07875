"""Missing files, as lists of plain rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from django.db.models import Count, F
from django.db.models.functions import Coalesce

from libraries.models import MediaFile
from libraries.querysets import MediaFileQuerySet
from navidrome_lib.db.prepared import PreparedIn

COLUMNS = (
    "id", "path", "title", "album", "artist", "album_artist", "size", "suffix", "duration", "missing_since",
    "library_id", "album_ref_id",
)  # fmt: skip


class MissingFileQuerySet(MediaFileQuerySet):
    """Tracks without their files that no purge hides."""

    def as_rows(self) -> Any:
        """Plain rows of what a list shows, except `missing_file_count` (see `add_album_counts`)."""
        return self.values(
            *COLUMNS,
            library_name=F("library__name"),
            # a file that no complete scan ever saw was last seen when its row was written
            last_seen=Coalesce("last_seen_at", "updated_at"),
        )


_counts: Final = PreparedIn[tuple[str, int]](
    lambda ids: (
        MediaFile.objects.missing()
        .filter(album_ref__in=ids)
        .order_by()
        .values_list("album_ref_id")
        .annotate(n=Count("pk"))
    )
)
_rows: Final = PreparedIn[dict[str, Any]](
    lambda ids: (
        MissingFileQuerySet(MediaFile)
        .missing()
        .filter(library__deleted_at__isnull=True, pk__in=ids)
        .order_by()
        .as_rows()
    )
)


def missing_per_album(album_ids: Iterable[str]) -> dict[str, int]:
    """How many files of each album are missing, in one query per 500 albums."""
    return dict(_counts.rows(sorted(set(album_ids))))


def add_album_counts(rows: Collection[dict[str, Any]]) -> None:
    """Give each row its `missing_file_count`, whatever else was filtered out of the list."""
    counts = missing_per_album(row["album_ref_id"] for row in rows if row["album_ref_id"])
    for row in rows:
        row["missing_file_count"] = count_of(counts, row["album_ref_id"])


def count_of(counts: Mapping[str, int], album_id: str | None) -> int:
    """The missing files of an album; a file without an album counts itself."""
    return counts.get(album_id or "", 1)


def ids_by_album_count(files: MediaFileQuerySet, *, descending: bool) -> list[str]:
    """The ids of `files` in the order of `missingFileCount`, ties by id.

    Counted here and not by a subquery per row: an album of 10,000 missing files would be counted 10,000 times.
    """
    pairs = list(files.order_by().values_list("pk", "album_ref_id"))
    counts = dict(MediaFile.objects.missing().order_by().values_list("album_ref_id").annotate(n=Count("pk")))
    keyed = sorted(((counts[album] if album else 1, pk) for pk, album in pairs), reverse=descending)
    return [pk for _, pk in keyed]


def rows_of(ids: Collection[str]) -> list[dict[str, Any]]:
    """The plain rows of files that the viewer was found to see, in this order; those that are gone are left out."""
    found = {row["id"]: row for row in _rows.rows(ids)}
    return [found[pk] for pk in ids if pk in found]
