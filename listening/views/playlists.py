"""`/api/playlist` and `/api/song/{id}/playlists`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import IO, Any

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from libraries.models import Library, MediaFile
from listening.extension import added_keys
from listening.filters import PlaylistFilter
from listening.models import Playlist, PlaylistAnnotation, PlaylistTrack
from listening.playlist_files.transfer import export_m3u, import_m3u
from listening.querysets import PlaylistQuerySet
from listening.rules.evaluate import refresh
from listening.serializers import (
    IdSerializer,
    PlaylistInputSerializer,
    PlaylistSerializer,
    playlist_object,
)
from listening.services.playlists import (
    Totals,
    create_playlist,
    delete_playlist,
    find_playlist,
    totals_of,
    update_playlist,
)
from listening.views.base import ID, RowViewSet, checked, deleted, made
from navidrome_lib.api.filters import asked_sort
from navidrome_lib.api.openapi import refused
from navidrome_lib.api.parsers import BodyTooLarge, JSONParser
from navidrome_lib.api.permissions import IsSignedIn
from navidrome_lib.api.wire import location
from navidrome_lib.db.ids import can_be_id
from navidrome_lib.viewer import Viewer, viewer_of

M3U = "audio/x-mpegurl"
_COUNTED = ("songCount", "duration", "size")


class PlaylistTextParser(BaseParser):
    """A body that is not JSON: the bytes of an M3U, whatever they are called."""

    media_type = "*/*"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        body: bytes = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge
        return body


def playlist_objects(viewer: Viewer, playlists: Iterable[Playlist]) -> list[dict[str, Any]]:
    """Playlists on the wire, in a constant number of queries."""
    rows = list(playlists)
    totals = totals_of(rows, viewer)
    mine = PlaylistAnnotation.objects.filter(user=viewer.pk, starred_at__isnull=False)
    starred = dict(mine.filter(playlist__in=[row.pk for row in rows]).values_list("playlist_id", "starred_at"))
    libraries = dict(Library.objects.visible_to(viewer).values_list("pk", "path"))
    added = added_keys(Playlist, [row.pk for row in rows])
    return [
        {**playlist_object(row, totals.get(row.pk, Totals()), starred.get(row.pk), libraries), **added[row.pk]}
        for row in rows
    ]


@extend_schema_view(
    list=extend_schema(description="List one's own playlists and public ones; an admin sees all."),
    retrieve=extend_schema(description="Get one playlist.", parameters=[ID]),
)
class PlaylistViewSet(RowViewSet[Playlist]):
    """`GET|POST /api/playlist`, `GET|PUT|DELETE /api/playlist/{id}`."""

    parser_classes = (JSONParser, PlaylistTextParser)
    serializer_class = PlaylistSerializer
    filterset_class = PlaylistFilter
    default_sort = ("created_at",)
    sort_fields = {
        "id": "pk",
        "name": "name_key",
        "comment": "comment",
        "ownerName": "owner__username_key",
        "public": "public",
        "sync": "sync",
        "createdAt": "created_at",
        "updatedAt": "updated_at",
        "starredAt": "my_starred_at",
        **{key: key for key in ("duration", "size")},
        "songCount": "song_count",
    }

    def get_queryset(self) -> QuerySet[Playlist]:
        visible = Playlist.objects.visible_to(self.viewer)
        rows: PlaylistQuerySet = visible.select_related("owner").alias(name_key=Lower("name"))
        sort = asked_sort(self.request)
        if sort in _COUNTED:
            rows = rows.with_totals(self.viewer)
        return rows.with_starred_at(self.viewer) if sort == "starredAt" else rows

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(playlist_objects(self.viewer, page))

    def retrieve(self, request: Request, pk: str) -> Response:
        playlist = find_playlist(self.viewer, pk)
        refresh(playlist)
        return Response(playlist_objects(self.viewer, [playlist])[0])

    @extend_schema(
        request={"application/json": PlaylistInputSerializer, M3U: OpenApiTypes.STR},
        responses={200: IdSerializer, (201, M3U): OpenApiTypes.STR},
    )
    def create(self, request: Request) -> Response | HttpResponse:
        """Create a playlist of one's own. A body that is not JSON is imported as M3U, and answered with what was found.

        Lines that are no song of the libraries that the account can access are left out.
        """
        if isinstance(request.data, bytes):
            playlist = import_m3u(self.viewer, request.data)
            text = export_m3u(self.viewer, playlist, absolute=False)
            return HttpResponse(text, content_type=M3U, status=201, headers=location(f"/api/playlist/{playlist.pk}"))
        playlist = create_playlist(self.viewer, checked(PlaylistInputSerializer, request))
        refresh(playlist)
        return made(playlist)

    @extend_schema(
        request={"application/json": PlaylistInputSerializer}, responses={200: PlaylistSerializer}, parameters=[ID]
    )
    def update(self, request: Request, pk: str) -> Response:
        """Change a playlist; absent keys stay. Only its owner or an admin can."""
        find_playlist(self.viewer, pk)
        playlist = update_playlist(self.viewer, pk, checked(PlaylistInputSerializer, request))
        refresh(playlist)
        return Response(playlist_objects(self.viewer, [playlist])[0])

    @extend_schema(responses={200: OpenApiTypes.OBJECT, **refused(403)}, parameters=[ID])
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a playlist. Only its owner or an admin can; a file that it was made of stays."""
        delete_playlist(self.viewer, pk)
        return deleted()


class SongPlaylistsView(APIView):
    """`GET /api/song/{id}/playlists`."""

    permission_classes = (IsSignedIn,)

    @extend_schema(responses=PlaylistSerializer(many=True), parameters=[ID])
    def get(self, request: Request, pk: str) -> Response:
        """The playlists that the account can see and that have a song; none for a song that it cannot access."""
        viewer = viewer_of(request)
        known = can_be_id(pk) and MediaFile.objects.visible_to(viewer).filter(pk=pk).exists()
        entries = PlaylistTrack.objects.filter(media_file=pk) if known else PlaylistTrack.objects.none()
        rows = Playlist.objects.visible_to(viewer).select_related("owner").filter(pk__in=entries.values("playlist"))
        return Response(playlist_objects(viewer, rows.order_by("created_at", "pk")))
