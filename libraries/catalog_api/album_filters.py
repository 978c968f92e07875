"""Query parameters of `/api/album`."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Q, QuerySet

from libraries.catalog_api.extension import Resource
from libraries.catalog_api.filters import LIBRARY_ID, MISSING_TEXT, CatalogFilterSet, IdsFilter, WordsFilter
from libraries.catalog_api.song_filters import RoleFilter
from libraries.catalog_api.tag_filters import AlbumTagFilter
from libraries.catalog_api.word_search import album_ids
from libraries.choices import Role
from libraries.models import MediaFile
from libraries.tag_names import GENRE
from navidrome_lib.api.filters import TextsFilter, TruthFilter


class ParticipantFilter(RoleFilter):
    """Albums in which one of these artists takes part."""

    def filter_texts(self, rows: QuerySet[Any], texts: list[str]) -> QuerySet[Any]:
        songs = super().filter_texts(MediaFile.objects.in_catalog(), texts)
        return rows.filter(pk__in=songs.order_by().values("album_ref"))


class AlbumYearFilter(TextsFilter):
    """Albums of which the years of the songs include one of these; 0: without any year."""

    def filter_texts(self, rows: QuerySet[Any], texts: list[str]) -> QuerySet[Any]:
        included = Q(pk__in=[])
        for text in texts:
            if re.fullmatch(r"\d{1,4}", text, re.ASCII):
                year = int(text)
                included |= Q(min_year__lte=year, max_year__gte=year) if year else Q(max_year__isnull=True)
        return rows.filter(included)


class AlbumMissingFilter(TruthFilter):
    """Albums without any song that is there, or with one."""

    def filter_truth(self, rows: QuerySet[Any], truth: bool) -> QuerySet[Any]:
        return rows.filter(song_count=0) if truth else rows.filter(song_count__gt=0)


class AlbumFilter(CatalogFilterSet):
    """`/api/album`."""

    resource = Resource.ALBUM
    steady = frozenset({"library_id", "name", "missing", "artist_id", "album_artist_id", "compilation", "year"})
    gathered = frozenset({"name"})

    id = IdsFilter(help_text="Exactly these albums.")
    library_id = LIBRARY_ID
    name = WordsFilter(
        album_ids,
        "mbz_album_id",
        "mbz_release_group_id",
        help_text="Words, each the beginning of one in the name, the version, the artists or the catalog number, "
        "without case and accents; or the MusicBrainz id of an album or of a release group.",
    )
    missing = AlbumMissingFilter(help_text=MISSING_TEXT)
    artist_id = ParticipantFilter("artist", "albumartist", help_text="With songs of these artists, or by them.")
    album_artist_id = TextsFilter(field_name="artist", help_text="By these artists.")
    compilation = TruthFilter(help_text="`true`: only compilations; anything else: only others.")
    year = AlbumYearFilter(help_text="With songs from these years; 0: without a year.")
    genre_id = AlbumTagFilter(GENRE, help_text="With songs of one of these genres.")
    role_total_id = ParticipantFilter(help_text="In which one of these artists takes part in any role.")


for _role in Role:
    _text = f"In which one of these artists takes part as {_role}."
    AlbumFilter.declared_filters[f"role_{_role}_id"] = ParticipantFilter(_role, help_text=_text)
AlbumFilter.declared_filters["role_maincredit_id"] = ParticipantFilter(
    "artist", "albumartist", help_text="The same as `artist_id`."
)
