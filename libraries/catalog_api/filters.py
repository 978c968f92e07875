"""Query parameters of the lists: those that are declared here, and those that other apps add."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.db.models.functions import Left
from django.http import QueryDict
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from libraries.catalog_api.extension import Resource, additions
from libraries.models import Participant, TrackGenre
from libraries.search.index import found_songs
from navidrome_lib.api.filters import (
    LibraryIdsFilter,
    NumbersFilter,
    TextsFilter,
    TruthFilter,
    described,
    sort_text,
)
from navidrome_lib.viewer import Viewer

_UUID = re.compile(r"\s*[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\s*", re.IGNORECASE)


class CatalogFilterSet(django_filters.FilterSet):
    """Filters of a resource, and those that were added to it. Only what a query names is built for it."""

    resource: Resource | None = None

    def __init__(self, data: QueryDict, queryset: QuerySet[Any], request: Request) -> None:
        self.base_filters = {name: each for name, each in self.all_filters().items() if name in data}
        super().__init__(data, queryset, request=request)

    @classmethod
    def all_filters(cls) -> dict[str, django_filters.Filter]:
        """Every filter by its parameter."""
        found = dict(cls.declared_filters)
        for addition in additions(cls.resource):
            for name, each in addition.filters.items():
                each.field_name = each.field_name or name
                found[name] = each
        return found


def asked_filters(request: Request) -> QueryDict:
    """The parameters of a request, with those that it has as an object of JSON in `_filters`."""
    text = request.query_params.get("_filters")
    if not text:
        return request.query_params
    try:
        more = json.loads(text)
    except ValueError:
        more = None
    if not isinstance(more, Mapping):
        raise ValidationError({"_filters": "An object of JSON is needed here."})
    data = request.query_params.copy()
    for name, value in more.items():
        data.setlist(name, [_text(each) for each in (value if isinstance(value, list) else [value])])
    return data


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


class CatalogFilter(BaseFilterBackend):
    """What `filterset_class` of the view declares; an impossible value is a 400 that names the parameter."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        filters = view.filterset_class(asked_filters(request), queryset, request)
        if not filters.base_filters:
            return queryset
        if not filters.is_valid():
            raise ValidationError({name: [str(each) for each in found] for name, found in filters.errors.items()})
        found: QuerySet[Any] = filters.qs
        return found

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """How the OpenAPI document describes the parameters of a list."""
        texts = {
            name: str(each.extra.get("help_text") or "") for name, each in view.filterset_class.all_filters().items()
        }
        found = [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": text,
                "schema": {"type": "array", "items": {"type": "string"}},
            }
            for name, text in texts.items()
        ]
        sorts = [described("_sort", sort_text(view.all_sorts())), described("_order", "`DESC`: the other way round.")]
        more = [described("_filters", "An object of JSON: the same filters by name, each with a value or a list.")]
        return [*found, *sorts, described("seed", "What makes a random order; the same seed, the same order."), *more]


class IdsFilter(TextsFilter):
    """Exactly these rows; repeated, or separated by commas."""

    def filter_texts(self, rows: QuerySet[Any], texts: list[str]) -> QuerySet[Any]:
        ids = [part.strip() for text in texts for part in text.split(",")]
        return rows.filter(pk__in=[pk for pk in ids if pk.isascii() and pk.isalnum()])


class BeginsFilter(TextsFilter):
    """Texts that begin with exactly this; LIKE would ignore case on one database and not on the other."""

    def filter_texts(self, rows: QuerySet[Any], texts: list[str]) -> QuerySet[Any]:
        begin = Q()
        for number, text in enumerate(texts):
            name = f"{self.field_name}_begin_{number}"
            rows = rows.alias(**{name: Left(self.field_name, len(text))})
            begin |= Q(**{name: text})
        return rows.filter(begin)


class RoleFilter(TextsFilter):
    """Songs in which one of these artists takes part: in some roles, or in any; in the first place only, or in any."""

    def __init__(self, *roles: str, first: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.roles = roles
        self.first = first

    def filter_texts(self, rows: QuerySet[Any], texts: list[str]) -> QuerySet[Any]:
        parts = Participant.objects.filter(artist__in=texts)
        if self.roles:
            parts = parts.filter(role__in=self.roles)
        if self.first:
            parts = parts.filter(position=0)
        return rows.filter(pk__in=parts.order_by().values("media_file"))


class GenreFilter(TextsFilter):
    """Songs of one of these genres, each by its id; by its name, too, where `named`."""

    def __init__(self, *, named: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.named = named

    def filter_texts(self, rows: QuerySet[Any], texts: list[str]) -> QuerySet[Any]:
        known = Q(genre__in=texts) | Q(genre__name__in=texts) if self.named else Q(genre__in=texts)
        return rows.filter(pk__in=TrackGenre.objects.filter(known).order_by().values("media_file"))


def mbz_id_of(text: str) -> str:
    """The MusicBrainz id that a text is, or an empty text."""
    return str(uuid.UUID(text.strip())) if _UUID.fullmatch(text) else ""


def searched_libraries(viewer: Viewer) -> list[int] | None:
    """The libraries that a viewer's search is confined to; None: all."""
    return None if viewer.is_admin else list(viewer.granted_library_ids())


class SongWordsFilter(TextsFilter):
    """Songs with words that begin with each of these, or with this MusicBrainz id."""

    def filter_texts(self, rows: QuerySet[Any], texts: list[str]) -> QuerySet[Any]:
        text = " ".join(texts)
        if mbz_id := mbz_id_of(text):
            return rows.filter(Q(mbz_recording_id=mbz_id) | Q(mbz_track_id=mbz_id))
        if not text.strip():
            return rows
        return rows.filter(pk__in=found_songs(text, searched_libraries(self.viewer)))


LIBRARY_ID = LibraryIdsFilter(field_name="library", help_text="Only of these libraries.")
MISSING_TEXT = "`true`: only those whose files are missing; anything else: only those that are there."


class SongFilter(CatalogFilterSet):
    """`/api/song`."""

    resource = Resource.SONG

    id = IdsFilter(help_text="Exactly these songs.")
    library_id = LIBRARY_ID
    title = SongWordsFilter(
        help_text="Words, each the beginning of one in the title, the artists, the album or the path, without case and "
        "accents; or the MusicBrainz id of a recording or of a track of a release."
    )
    missing = TruthFilter(help_text=MISSING_TEXT)
    artists_id = RoleFilter("artist", "albumartist", help_text="Songs or albums of these artists.")
    artist_id = RoleFilter("artist", first=True, help_text="Songs whose first artist is one of these.")
    album_artist_id = TextsFilter(field_name="album_ref__artist", help_text="On albums of these artists.")
    album_id = TextsFilter(field_name="album_ref", help_text="On these albums.")
    folder_id = TextsFilter(field_name="folder", help_text="Directly in these folders.")
    genre_id = GenreFilter(help_text="Of one of these genres.")
    genre = GenreFilter(named=True, help_text="Of one of these genres, by id or name.")
    path = BeginsFilter(field_name="path", help_text="The beginning of the path, relative to the library.")
    album = TextsFilter(field_name="album", help_text="The whole name of the album.")
    artist = TextsFilter(field_name="artist", help_text="The whole text of the artists.")
    suffix = TextsFilter(field_name="suffix", help_text="Files of these formats, such as `flac`.")
    compilation = TruthFilter(help_text="`true`: only songs of compilations; anything else: only others.")
    year = NumbersFilter(field_name="year", help_text="Of these years.")
    bpm = NumbersFilter(field_name="bpm", help_text="With these beats per minute.")
    track_number = NumbersFilter(field_name="track_number", help_text="With these numbers.")
    disc_number = NumbersFilter(field_name="disc_number", help_text="On these discs.")
