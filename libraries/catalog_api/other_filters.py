"""Query parameters of `/api/artist`, `/api/genre`, `/api/tag` and `/api/folder`."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from libraries.catalog_api.artists import in_libraries, lost_in, present_in
from libraries.catalog_api.extension import Resource
from libraries.catalog_api.filters import LIBRARY_ID, BeginsFilter, CatalogFilterSet, IdsFilter, WordsFilter
from libraries.catalog_api.word_search import artist_ids
from libraries.models import AlbumTag, LibraryArtist
from libraries.order_names import order_name
from libraries.visible import library_facts
from navidrome_lib.api.filters import LibraryIdsFilter, TextsFilter, TruthFilter
from navidrome_lib.viewer import viewer_of


class ArtistLibrariesFilter(LibraryIdsFilter):
    """Artists that take part in songs of the named libraries."""

    def filter(self, qs: QuerySet[Any], value: list[int]) -> QuerySet[Any]:
        known = library_facts(viewer_of(self.parent.request))
        asked = [pk for pk in value if pk in known]
        return qs.filter(in_libraries(asked)) if value else qs


class ArtistMissingFilter(TruthFilter):
    """Artists of missing songs only, or of some that are there."""

    def filter_truth(self, rows: QuerySet[Any], truth: bool) -> QuerySet[Any]:
        libraries = library_facts(self.viewer)
        return rows.filter(pk__in=lost_in(libraries) if truth else present_in(libraries))


class ArtistRoleFilter(TextsFilter):
    """Artists with one of these roles, in the libraries that are asked for."""

    def filter_texts(self, rows: QuerySet[Any], texts: list[str]) -> QuerySet[Any]:
        known = library_facts(self.viewer)
        asked = [pk for pk in self.parent.form.cleaned_data.get("library_id") or known if pk in known]
        roles = Q(pk__in=[])
        for text in texts:
            if text.isalnum():
                roles |= Q(stats__contains=f'"{text}":')
        counted = LibraryArtist.objects.filter(roles, library__in=asked)
        return rows.filter(pk__in=counted.order_by().values("artist"))


class ArtistFilter(CatalogFilterSet):
    """`/api/artist`."""

    resource = Resource.ARTIST
    steady = frozenset({"library_id", "name", "missing", "role"})
    gathered = frozenset({"role"})

    id = IdsFilter(help_text="Exactly these artists.")
    library_id = ArtistLibrariesFilter(help_text="Only those with songs in these libraries.")
    name = WordsFilter(
        artist_ids,
        "mbz_artist_id",
        help_text="Words, each the beginning of one in the name or the sort name, without case and accents; or the "
        "MusicBrainz id of an artist.",
    )
    missing = ArtistMissingFilter(help_text="`true`: only those of missing songs alone; anything else: only others.")
    role = ArtistRoleFilter(help_text="With this role, such as `composer`, or `maincredit`: artist or album artist.")


class PartFilter(TextsFilter):
    """Tags of which the value contains one of these, without case and accents."""

    def filter_texts(self, rows: QuerySet[Any], texts: list[str]) -> QuerySet[Any]:
        parts = Q(pk__in=[])
        for text in texts:
            parts |= Q(order_value__contains=order_name(text))
        return rows.filter(parts)


class TagLibrariesFilter(LibraryIdsFilter):
    """Tags of songs in the named libraries."""

    def filter(self, qs: QuerySet[Any], value: list[int]) -> QuerySet[Any]:
        known = library_facts(viewer_of(self.parent.request))
        used = AlbumTag.objects.filter(tag=OuterRef("pk"), library__in=[pk for pk in value if pk in known])
        return qs.filter(Exists(used)) if value else qs


class GenreListFilter(CatalogFilterSet):
    """`/api/genre`."""

    steady = frozenset({"library_id", "name"})

    id = IdsFilter(help_text="Exactly these.")
    library_id = TagLibrariesFilter(help_text="Only those of songs in these libraries.")
    name = PartFilter(help_text="A part of the value, without case and accents.")


class TagListFilter(GenreListFilter):
    """`/api/tag`."""

    steady = GenreListFilter.steady | {"tag_name", "tag_value"}

    tag_name = BeginsFilter(field_name="name", help_text="The beginning of the name of the tag, such as `mood`.")
    tag_value = BeginsFilter(field_name="value", help_text="The beginning of the value.")


class FolderFilter(CatalogFilterSet):
    """`/api/folder`."""

    steady = frozenset({"library_id", "path", "missing"})

    id = IdsFilter(help_text="Exactly these folders.")
    library_id = LIBRARY_ID
    path = BeginsFilter(field_name="path", help_text="The beginning of the path, relative to the library.")
    missing = TruthFilter(help_text="`true`: only those that are gone; anything else: only those that are there.")
