"""Filters by the tags of songs: which albums have a value is looked up, which of their songs, their rows say."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import BooleanField, F, Func, Q, QuerySet, TextField, Value

from libraries.catalog_api.common import gathered
from libraries.catalog_api.extension import Resource
from libraries.models import AlbumTag, Tag, TrackGenre
from libraries.order_names import order_name
from libraries.tag_names import ALBUM_TAGS, GENRE, SONG_TAGS
from libraries.visible import library_facts
from navidrome_lib.api.filters import TextsFilter
from navidrome_lib.viewer import Viewer


class HasTag(Func):
    """Whether a song has one of these values of a tag, by its canonical name."""

    output_field = BooleanField()

    def __init__(self, name: str, values: Collection[str]) -> None:
        super().__init__(F("tags"), *(Value(value, output_field=TextField()) for value in values))
        self.name = name

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, tuple[Any, ...]]:
        columns, values = self._parts(compiler)
        marks = ", ".join(["%s"] * len(values))
        sql = f"EXISTS (SELECT 1 FROM json_each({columns}, '$.{self.name}') AS tag WHERE tag.value IN ({marks}))"  # noqa: S608
        return sql, tuple(values)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:
        columns, values = self._parts(compiler)
        return f"COALESCE(({columns} -> '{self.name}') ?| %s, FALSE)", [values]

    def _parts(self, compiler: Any) -> tuple[str, list[str]]:
        column, *values = self.get_source_expressions()
        return compiler.compile(column)[0], [value.value for value in values]


def tags_of(name: str, texts: Collection[str]) -> dict[str, str]:
    """The known values of a tag that are meant by ids or values, by their ids."""
    asked = Q(pk__in=texts) | Q(value__in=texts)
    return dict(Tag.objects.filter(asked, name=name).values_list("pk", "value"))


def genre_ids(name: str, viewer: Viewer) -> list[str]:
    """The ids of the genre of that name, in any case."""
    gathered(library_facts(viewer))
    known = Tag.objects.filter(name=GENRE, order_value=order_name(name)).values_list("pk", "value")
    return [pk for pk, value in known if value.casefold() == name.casefold()]


def albums_of_genre(rows: QuerySet[Any], name: str, viewer: Viewer) -> QuerySet[Any]:
    """Albums with a song of the genre of that name."""
    tags = AlbumTag.objects.filter(tag__in=genre_ids(name, viewer)).order_by()
    return rows.filter(pk__in=tags.values("album"))


def songs_of_genre(rows: QuerySet[Any], name: str, viewer: Viewer) -> QuerySet[Any]:
    """Songs of the genre of that name."""
    songs = TrackGenre.objects.filter(genre__in=genre_ids(name, viewer)).order_by()
    return rows.filter(pk__in=songs.values("media_file"))


class SongTagFilter(TextsFilter):
    """Songs with one of these values of a tag, each by its id or as it stands."""

    def __init__(self, known: str, shown: str) -> None:
        super().__init__(help_text=f"With one of these values of the tag `{shown}`, each by its id or as it stands.")
        self.known = known
        self.shown = shown

    def filter_texts(self, rows: QuerySet[Any], texts: list[str]) -> QuerySet[Any]:
        gathered(library_facts(self.viewer))
        tags = tags_of(self.shown, texts)
        albums = AlbumTag.objects.filter(tag__in=list(tags)).order_by().values("album")
        return rows.filter(HasTag(self.known, sorted(tags.values())), album_ref__in=albums) if tags else rows.none()


class AlbumTagFilter(TextsFilter):
    """Albums with a song that has one of these values of a tag, each by its id or as it stands."""

    def __init__(self, shown: str, help_text: str = "") -> None:
        super().__init__(
            help_text=help_text or f"With one of these values of the tag `{shown}`, each by its id or as it stands."
        )
        self.shown = shown

    def filter_texts(self, rows: QuerySet[Any], texts: list[str]) -> QuerySet[Any]:
        gathered(library_facts(self.viewer))
        tags = tags_of(self.shown, texts)
        return rows.filter(pk__in=AlbumTag.objects.filter(tag__in=list(tags)).order_by().values("album"))


# the parameters of both resources that are named like tags; genres have filters of their own
TAG_FILTERS = {
    Resource.SONG: {shown: SongTagFilter(known, shown) for known, shown in SONG_TAGS.items()},
    Resource.ALBUM: {shown: AlbumTagFilter(shown) for shown in sorted(ALBUM_TAGS)},
}
