"""What the lists of songs, albums and artists have of the viewer: keys, sorts and filters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any, ClassVar, Final

import django_filters
from django.db.models import F, FilteredRelation, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from rest_framework import serializers

from libraries.catalog_api.extension import (
    Addition,
    Asked,
    Resource,
    Sort,
    Valued,
    WireObject,
    extend,
)
from listening.models import AlbumAnnotation, ArtistAnnotation, Bookmark, TrackAnnotation
from listening.services.annotations import Model
from navidrome_lib.api.filters import NumbersFilter, TruthFilter
from navidrome_lib.db.prepared import PreparedIn
from navidrome_lib.viewer import Viewer

_COLUMNS = ("user_id", "starred_at", "rating", "rated_at", "play_count", "play_date")


# that there is something in a column
_SOMETHING = {
    "starred_at": Q(starred_at__isnull=False),
    "rating": Q(rating__gt=0),
    "play_count": Q(play_count__gt=0),
    "play_date": Q(play_date__isnull=False),
}


def of_viewer(relation: str, *columns: str, notes: Model | None = None) -> Sort:
    """An order by columns of what the viewer has of each row, which `relation` leads to.

    Where there is nothing, that is no rating and 0 plays. With the table of the `notes` few rows have to be sorted.
    """

    def prepare(rows: QuerySet[Any], asked: Asked) -> QuerySet[Any]:
        mine = FilteredRelation(relation, condition=Q(**{f"{relation}__user": asked.viewer.pk}))
        named = {f"my_{column}": mine_of(column) for column in columns}
        found: QuerySet[Any] = rows.annotate(mine=mine).annotate(**named)
        return found

    def mine(asked: Asked) -> QuerySet[Any]:
        assert notes is not None
        return notes._default_manager.filter(_SOMETHING[columns[0]], user=asked.viewer.pk)

    valued = Valued(mine, columns, notes.thing) if notes else None
    return Sort(*(f"my_{column}" for column in columns), prepare=prepare, valued=valued)


def mine_of(column: str) -> Any:
    """What the viewer has in a column."""
    value = F(f"mine__{column}")
    return Coalesce(value, Value(0)) if column in ("rating", "play_count") else value


class NotedFilter(TruthFilter):
    """Rows of which the viewer has something, or of which they have not."""

    def __init__(self, notes: Model, has: Q, **options: Any) -> None:
        super().__init__(**options)
        self.notes = notes
        self.has = has

    def filter_truth(self, rows: QuerySet[Any], truth: bool) -> QuerySet[Any]:
        mine = self.notes._default_manager.filter(self.has, user=self.viewer.pk)
        noted = Q(pk__in=mine.values(f"{self.notes.thing}_id"))
        return rows.filter(noted if truth else ~noted)


class PlayedFilter(NotedFilter):
    """Rows that the viewer has played, whatever the value: clients send `true` and mean no other."""

    def filter_truth(self, rows: QuerySet[Any], truth: bool) -> QuerySet[Any]:
        return super().filter_truth(rows, True)


class NumberOfMineFilter(NumbersFilter):
    """Rows for which the viewer has one of these numbers; 0 where there is nothing."""

    def __init__(self, notes: Model, column: str, **options: Any) -> None:
        super().__init__(**options)
        self.notes = notes
        self.column = column

    def filter_texts(self, rows: QuerySet[Any], texts: list[str]) -> QuerySet[Any]:
        numbers = {int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 10}
        mine = self.notes._default_manager.filter(user=self.viewer.pk)
        found = Q(pk__in=mine.filter(**{f"{self.column}__in": numbers - {0}}).values(f"{self.notes.thing}_id"))
        if 0 in numbers:
            found |= ~Q(pk__in=mine.filter(**{f"{self.column}__gt": 0}).values(f"{self.notes.thing}_id"))
        return rows.filter(found)


def filters_of(notes: Model) -> dict[str, django_filters.Filter]:
    """The filters that every resource has."""
    starred, rated, played = Q(starred_at__isnull=False), Q(rating__gt=0), Q(play_count__gt=0)
    return {
        "starred": NotedFilter(notes, starred, help_text="`true`: one's favourites; anything else: all others."),
        "has_rating": NotedFilter(notes, rated, help_text="`true`: what one has rated; anything else: the rest."),
        "recently_played": PlayedFilter(notes, played, help_text="What one has played, whatever the value."),
        "rating": NumberOfMineFilter(notes, "rating", help_text="One's own rating."),
        "play_count": NumberOfMineFilter(notes, "play_count", help_text="One's own number of plays."),
    }


def sorts_of(notes: Model) -> dict[str, Sort]:
    """The orders that every resource has."""
    return {
        "starredAt": of_viewer("annotations", "starred_at", notes=notes),
        # the best come first, as in Navidrome
        "ratedAt": of_viewer("annotations", "rating", "rated_at", notes=notes),
        "rating": of_viewer("annotations", "rating", "rated_at", notes=notes),
        "playCount": of_viewer("annotations", "play_count", notes=notes),
        "playDate": of_viewer("annotations", "play_date", notes=notes),
    }


def _concerning(notes: Model, user: str) -> QuerySet[Any, tuple[Any, ...]]:
    """One's own rows, and the ratings of others for the average."""
    rows = notes._default_manager.filter(Q(user=user) | Q(rating__gt=0)).order_by()
    return rows.values_list(f"{notes.thing}_id", *_COLUMNS)


@cache
def _notes_on(notes: Model) -> PreparedIn[tuple[Any, ...]]:
    """Those of some things; of artists the index has all at once."""
    all_of = partial(_concerning, notes)
    return PreparedIn(
        lambda ids, user: all_of(user).filter(**{f"{notes.thing}__in": ids}),
        str,
        whole=all_of if notes is ArtistAnnotation else None,
    )


_bookmarks: Final = PreparedIn[tuple[str, int]](
    lambda ids, user: (
        Bookmark.objects.filter(user=user, media_file__in=ids).order_by().values_list("media_file_id", "position")
    ),
    str,
)


class Notes(Addition):
    """Favourites, ratings and plays of the viewer, and the average rating of all people."""

    notes: ClassVar[Model]
    steady = frozenset({"starred", "has_rating", "recently_played"})

    keys: ClassVar[Mapping[str, serializers.Field[Any, Any, Any, Any]]] = {
        "starred": serializers.BooleanField(required=False, help_text="There where it is a favourite of one's own."),
        "starredAt": serializers.DateTimeField(required=False),
        "rating": serializers.IntegerField(required=False, help_text="One's own, from 1 to 5."),
        "ratedAt": serializers.DateTimeField(required=False),
        "averageRating": serializers.FloatField(required=False, help_text="Of all people who have rated it."),
        "playCount": serializers.IntegerField(required=False, help_text="One's own plays."),
        "playDate": serializers.DateTimeField(required=False, help_text="One's own last play."),
    }

    def add_keys(self, objects: Mapping[str, Sequence[WireObject]], viewer: Viewer) -> None:
        ratings: dict[str, list[int]] = defaultdict(list)
        for pk, user, *mine in _notes_on(self.notes).rows(objects, viewer.pk):
            if mine[1]:
                ratings[pk].append(mine[1])
            if user == viewer.pk:
                said = said_of(*mine)
                for each in objects[pk]:
                    each.update(said)
        for pk, found in ratings.items():
            for each in objects[pk]:
                each["averageRating"] = round(sum(found) / len(found), 2)


def said_of(starred_at: Any, rating: int, rated_at: Any, play_count: int, play_date: Any) -> dict[str, Any]:
    """The keys of what a person has of one thing; what is empty is left out."""
    found: dict[str, Any] = {"playCount": play_count, "playDate": play_date, "rating": rating, "ratedAt": rated_at}
    found |= {"starred": starred_at is not None, "starredAt": starred_at}
    return {key: value for key, value in found.items() if value}


def set_bookmarks(objects: Mapping[str, Sequence[WireObject]], viewer: Viewer) -> None:
    """Set where the viewer stopped in each song, in milliseconds; 0 without a bookmark."""
    for each in objects.values():
        for song in each:
            song["bookmarkPosition"] = 0
    for pk, position in _bookmarks.rows(objects, viewer.pk):
        for song in objects[pk]:
            song["bookmarkPosition"] = position


class SongNotes(Notes):
    """Of songs: bookmarks, too."""

    notes = TrackAnnotation
    keys = {**Notes.keys, "bookmarkPosition": serializers.IntegerField(help_text="Milliseconds; 0: no bookmark.")}
    sorts = sorts_of(TrackAnnotation)
    filters = filters_of(TrackAnnotation)

    def add_keys(self, objects: Mapping[str, Sequence[WireObject]], viewer: Viewer) -> None:
        super().add_keys(objects, viewer)
        set_bookmarks(objects, viewer)


class AlbumNotes(Notes):
    """Of albums."""

    notes = AlbumAnnotation
    sorts = sorts_of(AlbumAnnotation)
    filters = filters_of(AlbumAnnotation)


class ArtistNotes(Notes):
    """Of artists."""

    notes = ArtistAnnotation

    def state(self, viewer: Viewer) -> object:
        """The viewer's favourites and all ratings. Plays are not among it: lists that are kept do not show them."""
        concerned = Q(user=viewer.pk, starred_at__isnull=False) | Q(rating__gt=0)
        rows = ArtistAnnotation.objects.filter(concerned).order_by("artist", "user")
        return list(rows.values_list("artist", "user", "starred_at", "rating"))

    sorts = sorts_of(ArtistAnnotation)
    filters = filters_of(ArtistAnnotation)


def extend_lists() -> None:
    """Add to the lists of the catalog."""
    extend(Resource.SONG, SongNotes())
    extend(Resource.ALBUM, AlbumNotes())
    extend(Resource.ARTIST, ArtistNotes())
