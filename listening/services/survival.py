"""Carry what people added along when the rows of the catalog that it hangs on become others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models
from django.db.models import Case, Value, When

from listening.models import (
    AlbumAnnotation,
    Annotation,
    Bookmark,
    PlaylistTrack,
    PlayQueueTrack,
    Scrobble,
    ShareItem,
    TrackAnnotation,
)
from listening.services.annotations import Model
from navidrome_lib.db.bulk import chunks

Became = Mapping[str, str]


def follow_tracks(became: Became, **_: Any) -> None:
    """Receive `libraries.signals.tracks_became`."""
    follow_annotations(TrackAnnotation, became)
    follow_bookmarks(became)
    for model in (Scrobble, PlaylistTrack, PlayQueueTrack, ShareItem):
        follow_references(model, "media_file", became)


def follow_albums(became: Became, **_: Any) -> None:
    """Receive `libraries.signals.albums_became`."""
    follow_annotations(AlbumAnnotation, became)
    follow_references(ShareItem, "album", became)


def follow_references(model: type[models.Model], field: str, became: Became) -> None:
    """Let rows refer to what their things have become; in one statement, as two things may have changed places."""
    for piece in chunks(sorted(became)):
        place = Case(*(When(**{field: pk}, then=Value(became[pk])) for pk in piece))
        model._default_manager.filter(**{f"{field}__in": piece}).update(**{f"{field}_id": place})


def follow_annotations(notes: Model, became: Became) -> None:
    """Join what each person said of things that are one now: no favourite, rating or play gets lost."""
    moving = rows_by_place(notes, sorted(became), became)
    if not moving:
        return
    there = rows_by_place(notes, sorted(set(became.values()) - set(became)), {})
    for place, rows in moving.items():
        joined = join([*rows, *there.get(place, ())])
        setattr(joined, f"{notes.thing}_id", place[1])
        moving[place] = [joined]
    gone = [*became, *became.values()]
    for piece in chunks(sorted(set(gone))):
        people = {user for user, _ in moving}
        of_people = notes._default_manager.filter(user__in=people, **{f"{notes.thing}__in": piece})
        # what stays where it is, and is joined with nothing, is not touched
        kept = [row.pk for place, rows in there.items() if place not in moving for row in rows]
        of_people.exclude(pk__in=kept).delete()
    notes._default_manager.bulk_create([rows[0] for rows in moving.values()], batch_size=500)


def rows_by_place(notes: Model, ids: Iterable[str], became: Became) -> dict[tuple[str, str], list[Any]]:
    """The rows for some things, by the person and the thing that they are to belong to."""
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for piece in chunks(ids):
        for row in notes._default_manager.filter(**{f"{notes.thing}__in": piece}).order_by("pk"):
            thing = getattr(row, f"{notes.thing}_id")
            found[row.user_id, became.get(thing, thing)].append(row)
    return found


def join(rows: list[Any]) -> Annotation:
    """One new row of several: the first favourite, the latest rating, all plays."""
    latest = max(rows, key=lambda row: (row.rating > 0, row.rated_at is not None, row.rated_at or row.pk))
    starred = [row.starred_at for row in rows if row.starred_at is not None]
    played = [row.play_date for row in rows if row.play_date is not None]
    joined: Annotation = type(rows[0])(
        user_id=rows[0].user_id,
        starred_at=min(starred, default=None),
        rating=latest.rating,
        rated_at=latest.rated_at,
        play_count=sum(row.play_count for row in rows),
        play_date=max(played, default=None),
    )
    return joined


def follow_bookmarks(became: Became) -> None:
    """Let bookmarks follow their tracks; of two on one track the later stays."""
    for piece in chunks(sorted(became)):
        concerned = {*piece, *(became[pk] for pk in piece)}
        latest: dict[tuple[str, str], Bookmark] = {}
        for bookmark in Bookmark.objects.filter(media_file__in=concerned).order_by("updated_at", "pk"):
            place = bookmark.user_id, became.get(bookmark.media_file_id, bookmark.media_file_id)
            before = latest.get(place)
            if before is not None:
                Bookmark.objects.filter(pk=before.pk).delete()
            latest[place] = bookmark
        follow_references(Bookmark, "media_file", {pk: became[pk] for pk in piece})
