"""Query parameters of the lists."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema_field

from listening.models import Player, Playlist, PlaylistAnnotation, Radio, Scrobble, Share, Transcoding
from navidrome_lib.api.filters import LibraryIdsFilter, TruthFilter
from navidrome_lib.viewer import viewer_of
from users.filters import FlagFilter, TextIdsFilter

LAST_SECOND = 253_402_300_799  # the end of the year 9999


class SecondsField(forms.Field):
    """A moment in Unix seconds."""

    def to_python(self, value: Any) -> datetime | None:
        text = str(value or "")
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 12 and int(text) <= LAST_SECOND):
            raise forms.ValidationError("Must be a time in Unix seconds.")
        return datetime.fromtimestamp(int(text), UTC)


@extend_schema_field({"type": "integer", "minimum": 0, "maximum": LAST_SECOND})
class SecondsFilter(django_filters.Filter):
    """Rows before or after a moment, which is included."""

    field_class = SecondsField


class PlayerFilter(django_filters.FilterSet):
    """`/api/player`: by a part of the name."""

    name = django_filters.CharFilter(lookup_expr="icontains", help_text="A part of the name.")

    class Meta:
        model = Player
        fields: list[str] = []


class RadioFilter(django_filters.FilterSet):
    """`/api/radio`: by a part of the name."""

    name = django_filters.CharFilter(lookup_expr="icontains", help_text="A part of the name.")

    class Meta:
        model = Radio
        fields: list[str] = []


class TranscodingFilter(django_filters.FilterSet):
    """`/api/transcoding`: by the beginning of the name or the format."""

    name = django_filters.CharFilter(lookup_expr="istartswith", help_text="The beginning of the name.")
    target_format = django_filters.CharFilter(lookup_expr="istartswith", help_text="The beginning of the format.")
    targetFormat = django_filters.CharFilter(  # noqa: N815 - a wire key
        field_name="target_format", lookup_expr="istartswith", help_text="The same."
    )

    class Meta:
        model = Transcoding
        fields: list[str] = []


class ShareFilter(django_filters.FilterSet):
    """`/api/share`: by the beginning of the description or the contents, by kind and by owner."""

    description = django_filters.CharFilter(lookup_expr="istartswith", help_text="The beginning of the description.")
    contents = django_filters.CharFilter(lookup_expr="istartswith", help_text="The beginning of the name of the first.")
    resource_type = django_filters.CharFilter(help_text="`media_file`, `album`, `artist` or `playlist`.")
    user_id = TextIdsFilter(field_name="user", help_text="Of these people.")

    class Meta:
        model = Share
        fields: list[str] = []


class ScrobbleFilter(django_filters.FilterSet):
    """`/api/scrobble`: by time and song."""

    media_file_id = TextIdsFilter(field_name="media_file", help_text="Of these songs.")
    to = SecondsFilter(field_name="submission_time", lookup_expr="lte", help_text="Up to this time, in Unix seconds.")

    class Meta:
        model = Scrobble
        fields: list[str] = []


# the name of the parameter is a word of Python
ScrobbleFilter.base_filters["from"] = SecondsFilter(
    field_name="submission_time", lookup_expr="gte", help_text="From this time on, in Unix seconds."
)


class WordsFilter(django_filters.CharFilter):
    """Playlists with every word in the name, or every word in the comment, without case."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        name, comment = Q(), Q()
        for word in (value or "").split()[:20]:
            name, comment = name & Q(name__icontains=word), comment & Q(comment__icontains=word)
        return qs.filter(name | comment) if name else qs


@extend_schema_field({"type": "boolean"})
class StarredFilter(FlagFilter):
    """Favourites of the viewer, or all others."""

    def filter(self, qs: QuerySet[Any], value: bool | None) -> QuerySet[Any]:
        if value is None:
            return qs
        mine = PlaylistAnnotation.objects.filter(user=viewer_of(self.parent.request).pk, starred_at__isnull=False)
        favourite = Q(pk__in=mine.values("playlist"))
        return qs.filter(favourite if value else ~favourite)


@extend_schema_field({"type": "boolean"})
class SmartFilter(FlagFilter):
    """Playlists that have rules, or all others."""

    def filter(self, qs: QuerySet[Any], value: bool | None) -> QuerySet[Any]:
        return qs if value is None else qs.filter(rules__isnull=not value)


class PlaylistFilter(django_filters.FilterSet):
    """`/api/playlist`."""

    q = WordsFilter(help_text="Words: each is in the name, or each is in the comment.")
    name = django_filters.CharFilter(lookup_expr="icontains", help_text="A part of the name.")
    owner_id = TextIdsFilter(field_name="owner", help_text="Of these people.")
    public = FlagFilter("public")
    sync = FlagFilter("sync")
    smart = SmartFilter("rules")
    starred = StarredFilter("starred")

    class Meta:
        model = Playlist
        fields: list[str] = []


class PlaylistTrackFilter(django_filters.FilterSet):
    """`/api/playlist/{id}/tracks`. Without a model, because the view has none."""

    library_id = LibraryIdsFilter(field_name="media_file__library", help_text="Only of these libraries.")
    missing = TruthFilter(
        field_name="media_file__missing", help_text="`true`: only songs whose files are missing; else only others."
    )
