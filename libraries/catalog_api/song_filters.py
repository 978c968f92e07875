"""Query parameters of `/api/song`."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from libraries.catalog_api.extension import Resource
from libraries.catalog_api.filters import (
    LIBRARY_ID,
    MISSING_TEXT,
    BeginsFilter,
    CatalogFilterSet,
    IdsFilter,
    WordsFilter,
)
from libraries.catalog_api.word_search import song_ids
from libraries.models import Participant, TrackGenre
from navidrome_lib.api.filters import NumbersFilter, TextsFilter, TruthFilter


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


class SongFilter(CatalogFilterSet):
    """`/api/song`."""

    resource = Resource.SONG
    steady = frozenset({
        "library_id", "missing", "artists_id", "artist_id", "album_artist_id", "album_id", "folder_id", "genre_id",
        "genre", "album", "artist", "suffix", "compilation", "year",
    })  # fmt: skip

    id = IdsFilter(help_text="Exactly these songs.")
    library_id = LIBRARY_ID
    title = WordsFilter(
        song_ids,
        "mbz_recording_id",
        "mbz_track_id",
        help_text="Words, each the beginning of one in the title, the album, the names of all who take part, their "
        "sort names or the path, without case and accents; or the MusicBrainz id of a recording or of a track of a "
        "release.",
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
