"""The lists and objects of each resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import CharField, Count, QuerySet, Sum, Value
from django.db.models.functions import Cast, Coalesce, NullIf
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from libraries.catalog_api import artists, tags
from libraries.catalog_api.album_filters import AlbumFilter
from libraries.catalog_api.albums import AS_ALBUMS, albums_in
from libraries.catalog_api.base_view import ID, CatalogView, Libraries
from libraries.catalog_api.extension import Asked, Resource, Sort, WireObject
from libraries.catalog_api.other_filters import ArtistFilter, FolderFilter, GenreListFilter, TagListFilter
from libraries.catalog_api.schema import (
    AlbumSerializer,
    ArtistSerializer,
    FolderSerializer,
    GenreSerializer,
    SongSerializer,
    TagSerializer,
)
from libraries.catalog_api.song_filters import SongFilter
from libraries.catalog_api.songs import AS_SONGS, songs_in
from libraries.catalog_api.sorting import RANDOM
from libraries.models import Album, Folder, MediaFile
from navidrome_lib.viewer import Viewer


class SongsView(CatalogView):
    """Songs."""

    resource = Resource.SONG
    shape = AS_SONGS
    serializer_class = SongSerializer
    filterset_class = SongFilter
    sorts: ClassVar[Mapping[str, Sort]] = {
        "id": Sort("pk"),
        "title": Sort("order_title"),
        "artist": Sort("order_artist", "order_album", "disc_number", "track_number"),
        "albumArtist": Sort("order_album_artist", "order_album", "album_ref", "disc_number", "track_number"),
        "album": Sort("order_album", "album_ref", "disc_number", "track_number"),
        "random": RANDOM,
        # ids are in the order of time
        "createdAt": Sort("pk"),
        "recentlyAdded": Sort("pk"),
        "updatedAt": Sort("mtime_ns"),
        "year": Sort("year"),
        "duration": Sort("duration"),
        "channels": Sort("channels"),
        "bpm": Sort("bpm"),
        "path": Sort("path"),
        "comment": Sort("comment"),
        "genre": Sort("genre"),
        "size": Sort("size"),
        "bitRate": Sort("bit_rate"),
        "bitDepth": Sort("bit_depth"),
        "sampleRate": Sort("sample_rate"),
        "suffix": Sort("suffix"),
        "codec": Sort("codec"),
        "trackNumber": Sort("track_number"),
        "discNumber": Sort("disc_number"),
    }

    def rows(self, libraries: Libraries, viewer: Viewer) -> QuerySet[Any]:
        return MediaFile.objects.in_catalog().in_libraries(libraries)

    def objects(self, ids: Sequence[str], viewer: Viewer, libraries: Libraries) -> list[WireObject]:
        return songs_in(ids, viewer, libraries)

    def kept_total(self, libraries: Libraries) -> int:
        return sum(library.songs for library in libraries.values())


class SongListView(SongsView):
    """`GET /api/song`."""

    @extend_schema(operation_id="song_list", responses=SongSerializer(many=True))
    def get(self, request: Request) -> HttpResponse:
        """List the songs of the libraries that the account can access."""
        return self.answer_list(request)


class SongView(SongsView):
    """`GET /api/song/{id}`."""

    @extend_schema(operation_id="song_retrieve", parameters=[ID], responses=SongSerializer)
    def get(self, request: Request, pk: str) -> HttpResponse:
        """Get one song."""
        return self.answer_one(request, pk)


def first_dates(rows: QuerySet[Any], asked: Asked) -> QuerySet[Any]:
    """Annotate albums with their original date, or else their last year, as texts that compare like dates."""
    date = Coalesce(NullIf("original_date", Value("")), Cast("max_year", CharField()), Value(""))
    dated: QuerySet[Any] = rows.annotate(first_date=date)
    return dated


class AlbumsView(CatalogView):
    """Albums."""

    resource = Resource.ALBUM
    shape = AS_ALBUMS
    serializer_class = AlbumSerializer
    filterset_class = AlbumFilter
    sorts: ClassVar[Mapping[str, Sort]] = {
        "id": Sort("pk"),
        "name": Sort("order_name"),
        "artist": Sort("order_artist", "order_name"),
        "albumArtist": Sort("order_artist", "order_name"),
        "maxYear": Sort("first_date", "release_date", "order_name", prepare=first_dates),
        "minYear": Sort("min_year"),
        "date": Sort("date"),
        "originalDate": Sort("original_date"),
        "releaseDate": Sort("release_date"),
        "random": RANDOM,
        "createdAt": Sort("created_at"),
        "recentlyAdded": Sort("created_at"),
        "updatedAt": Sort("updated_at"),
        "songCount": Sort("song_count"),
        "duration": Sort("duration"),
        "size": Sort("size"),
        "compilation": Sort("compilation"),
    }

    def rows(self, libraries: Libraries, viewer: Viewer) -> QuerySet[Any]:
        return Album.objects.in_catalog().in_libraries(libraries)

    def objects(self, ids: Sequence[str], viewer: Viewer, libraries: Libraries) -> list[WireObject]:
        return albums_in(ids, viewer, libraries)


class AlbumListView(AlbumsView):
    """`GET /api/album`."""

    @extend_schema(operation_id="album_list", responses=AlbumSerializer(many=True))
    def get(self, request: Request) -> HttpResponse:
        """List the albums of the libraries that the account can access."""
        return self.answer_list(request)


class AlbumView(AlbumsView):
    """`GET /api/album/{id}`."""

    @extend_schema(operation_id="album_retrieve", parameters=[ID], responses=AlbumSerializer)
    def get(self, request: Request, pk: str) -> HttpResponse:
        """Get one album."""
        return self.answer_one(request, pk)


class ArtistsView(CatalogView):
    """Artists."""

    resource = Resource.ARTIST
    serializer_class = ArtistSerializer
    filterset_class = ArtistFilter
    sorts: ClassVar[Mapping[str, Sort]] = {
        "id": Sort("pk"),
        "name": Sort("order_name"),
        "songCount": artists.by_count("song_count"),
        "albumCount": artists.by_count("album_count"),
        "size": artists.by_count("size"),
        "maincreditSongCount": artists.by_count("main_song_count"),
        "maincreditAlbumCount": artists.by_count("main_album_count"),
        "maincreditSize": artists.by_count("main_size"),
        "random": RANDOM,
        "createdAt": Sort("created_at"),
        "updatedAt": Sort("updated_at"),
    }

    kept_filters = CatalogView.kept_filters | {"role"}

    def rows(self, libraries: Libraries, viewer: Viewer) -> QuerySet[Any]:
        return artists.artists_of(libraries)

    def objects(self, ids: Sequence[str], viewer: Viewer, libraries: Libraries) -> list[WireObject]:
        return artists.artists_in(ids, viewer, libraries)


class ArtistListView(ArtistsView):
    """`GET /api/artist`."""

    @extend_schema(operation_id="artist_list", responses=ArtistSerializer(many=True))
    def get(self, request: Request) -> HttpResponse:
        """List everybody who takes part in a song of the libraries that the account can access."""
        return self.answer_list(request)


class ArtistView(ArtistsView):
    """`GET /api/artist/{id}`."""

    @extend_schema(operation_id="artist_retrieve", parameters=[ID], responses=ArtistSerializer)
    def get(self, request: Request, pk: str) -> HttpResponse:
        """Get one artist."""
        return self.answer_one(request, pk)


class TagsView(CatalogView):
    """Values of tags."""

    serializer_class = TagSerializer
    filterset_class = TagListFilter
    is_gathered = True
    sorts: ClassVar[Mapping[str, Sort]] = {
        "id": Sort("pk"),
        "name": Sort("order_value"),
        "tagValue": Sort("order_value"),
        "tagName": Sort("name", "order_value"),
        "albumCount": tags.by_count(Count("pk")),
        "songCount": tags.by_count(Sum("song_count")),
    }

    def rows(self, libraries: Libraries, viewer: Viewer) -> QuerySet[Any]:
        return tags.tags_in(libraries)

    def objects(self, ids: Sequence[str], viewer: Viewer, libraries: Libraries) -> list[WireObject]:
        return tags.tag_objects(ids, libraries)


class TagListView(TagsView):
    """`GET /api/tag`."""

    @extend_schema(operation_id="tag_list", responses=TagSerializer(many=True))
    def get(self, request: Request) -> HttpResponse:
        """List the values of tags of the songs that the account can access."""
        return self.answer_list(request)


class TagView(TagsView):
    """`GET /api/tag/{id}`."""

    @extend_schema(operation_id="tag_retrieve", parameters=[ID], responses=TagSerializer)
    def get(self, request: Request, pk: str) -> HttpResponse:
        """Get one value of a tag."""
        return self.answer_one(request, pk)


class GenresView(CatalogView):
    """Genres."""

    serializer_class = GenreSerializer
    filterset_class = GenreListFilter
    is_gathered = True
    sorts = TagsView.sorts

    def rows(self, libraries: Libraries, viewer: Viewer) -> QuerySet[Any]:
        return tags.genres_in(libraries)

    def objects(self, ids: Sequence[str], viewer: Viewer, libraries: Libraries) -> list[WireObject]:
        return tags.genre_objects(ids)


class GenreListView(GenresView):
    """`GET /api/genre`."""

    @extend_schema(operation_id="genre_list", responses=GenreSerializer(many=True))
    def get(self, request: Request) -> HttpResponse:
        """List the genres of the songs that the account can access."""
        return self.answer_list(request)


class GenreView(GenresView):
    """`GET /api/genre/{id}`."""

    @extend_schema(operation_id="genre_retrieve", parameters=[ID], responses=GenreSerializer)
    def get(self, request: Request, pk: str) -> HttpResponse:
        """Get one genre."""
        return self.answer_one(request, pk)


class FoldersView(CatalogView):
    """Folders with songs directly inside."""

    serializer_class = FolderSerializer
    filterset_class = FolderFilter
    sorts: ClassVar[Mapping[str, Sort]] = {
        "id": Sort("pk"),
        "path": Sort("path"),
        "name": Sort("path"),
        "createdAt": Sort("created_at"),
    }

    def rows(self, libraries: Libraries, viewer: Viewer) -> QuerySet[Any]:
        return Folder.objects.in_catalog().in_libraries(libraries)

    def objects(self, ids: Sequence[str], viewer: Viewer, libraries: Libraries) -> list[WireObject]:
        return tags.folder_objects(ids, viewer, libraries)


class FolderListView(FoldersView):
    """`GET /api/folder`."""

    @extend_schema(operation_id="folder_list", responses=FolderSerializer(many=True))
    def get(self, request: Request) -> HttpResponse:
        """List the folders with songs, of the libraries that the account can access."""
        return self.answer_list(request)


class FolderView(FoldersView):
    """`GET /api/folder/{id}`."""

    @extend_schema(operation_id="folder_retrieve", parameters=[ID], responses=FolderSerializer)
    def get(self, request: Request, pk: str) -> HttpResponse:
        """Get one folder."""
        return self.answer_one(request, pk)
