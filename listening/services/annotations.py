"""Favourites and ratings of tracks, albums, artists and playlists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import models, transaction
from django.db.models import Avg
from django.utils import timezone

from libraries.models import Album, Artist, MediaFile
from listening.models import (
    AlbumAnnotation,
    Annotation,
    ArtistAnnotation,
    Playlist,
    PlaylistAnnotation,
    TrackAnnotation,
)
from listening.models.annotation import MAX_RATING
from listening.services.news import tell_own
from navidrome_lib.db.bulk import chunks, keep_rows
from navidrome_lib.db.ids import can_be_id
from navidrome_lib.errors import InvalidInput, NotFound
from navidrome_lib.viewer import Viewer

Model = type[Annotation]


@dataclass(frozen=True)
class Things:
    """Some things of one kind, by their ids, and the table of what people say of that kind."""

    notes: Model
    ids: Collection[str]

    @property
    def model(self) -> type[models.Model]:
        """The table of the things."""
        return THINGS[self.notes]

    def visible_to(self, viewer: Viewer) -> list[str]:
        """Those that exist and that `viewer` can access, ascending; ids that cannot be any are left out."""
        possible = sorted({pk for pk in self.ids if can_be_id(pk)})
        rows: Any = self.model._default_manager
        found = (
            rows.visible_to(viewer).filter(pk__in=piece).values_list("pk", flat=True) for piece in chunks(possible)
        )
        return sorted(pk for piece in found for pk in piece)


THINGS: Final[Mapping[Model, type[models.Model]]] = {
    TrackAnnotation: MediaFile,
    AlbumAnnotation: Album,
    ArtistAnnotation: Artist,
    PlaylistAnnotation: Playlist,
}


@transaction.atomic
def star(viewer: Viewer, things: Iterable[Things], *, at: datetime | None = None) -> int:
    """Make things favourites of the viewer; one that is a favourite already keeps its date. Says how many are now.

    Ids that do not exist, or that the viewer cannot access, are left out.
    """
    count = 0
    for kind in things:
        ids = ensure_rows(kind.notes, viewer.pk, kind.visible_to(viewer))
        tell_own(viewer.pk, kind.notes, ids)
        rows = rows_of(kind.notes, viewer.pk, ids)
        for piece in rows:
            piece.filter(starred_at=None).update(starred_at=at or timezone.now())
        count += len(ids)
    return count


@transaction.atomic
def unstar(viewer: Viewer, things: Iterable[Things]) -> int:
    """Take things from the favourites of the viewer, also such as it cannot access any more; says how many."""
    count = 0
    for kind in things:
        tell_own(viewer.pk, kind.notes, kind.ids)
        for piece in rows_of(kind.notes, viewer.pk, kind.ids):
            count += piece.exclude(starred_at=None).update(starred_at=None)
    return count


@transaction.atomic
def set_rating(viewer: Viewer, thing: Things, rating: int) -> None:
    """Rate one thing from 1 to 5; 0 takes the rating back. `NotFound` for one that the viewer cannot access."""
    if not 0 <= rating <= MAX_RATING:
        raise InvalidInput(errors={"rating": f"A rating is a number from 0 to {MAX_RATING}."})
    ids = ensure_rows(thing.notes, viewer.pk, thing.visible_to(viewer))
    if not ids:
        raise NotFound
    tell_own(viewer.pk, thing.notes, ids)
    for piece in rows_of(thing.notes, viewer.pk, ids):
        piece.update(rating=rating, rated_at=timezone.now() if rating else None)


def average_ratings(notes: Model, ids: Collection[str]) -> dict[str, float]:
    """The average rating of things by their id, of all people who have rated them; a thing without any is left out."""
    found: dict[str, float] = {}
    for piece in chunks(ids):
        rated = notes._default_manager.filter(rating__gt=0, **{f"{notes.thing}__in": piece})
        found.update(rated.order_by().values_list(f"{notes.thing}_id").annotate(average=Avg("rating")))
    return found


def ensure_rows(notes: Model, user_id: str, ids: Collection[str]) -> list[str]:
    """Make sure that a person has a row for each of some things; returns those of them that still exist.

    Inside a transaction: until it ends no one deletes the things.
    """
    kept = sorted(keep_rows(THINGS[notes], ids))
    notes._default_manager.bulk_create(
        [notes(user_id=user_id, **{f"{notes.thing}_id": pk}) for pk in kept], ignore_conflicts=True, batch_size=500
    )
    return kept


def rows_of(notes: Model, user_id: str, ids: Collection[str]) -> list[models.QuerySet[Any]]:
    """The rows of a person for some things, in pieces that every database takes."""
    rows = notes._default_manager.filter(user=user_id)
    return [rows.filter(**{f"{notes.thing}__in": piece}) for piece in chunks(sorted(set(ids)))]
