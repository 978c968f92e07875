"""Missing files whose place another file has taken meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from libraries.models import MediaFile
from navidrome_lib.db.bulk import chunks


@dataclass(frozen=True)
class Occupied:
    """A restored file whose place another file has taken meanwhile."""

    id: str
    path: str
    song_id: str


def find_occupied(ids: Sequence[str]) -> list[Occupied]:
    """Those of some missing tracks at whose place there is a present file, by path."""
    places = {
        (folder, bytes(name)): (pk, path)
        for piece in chunks(ids)
        for pk, folder, name, path in MediaFile.objects.filter(pk__in=piece).values_list(
            "pk", "folder_id", "name_bytes", "path"
        )
    }
    found = []
    for piece in chunks(sorted({folder for folder, _ in places})):
        present = MediaFile.objects.filter(folder__in=piece).present().values_list("pk", "folder_id", "name_bytes")
        for song, folder, name in present.iterator(5000):
            if (folder, bytes(name)) in places:
                found.append(Occupied(*places[folder, bytes(name)], song))
    return sorted(found, key=lambda one: one.path)
