"""`/api/share` and `/api/scrobble`."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from listening.filters import ScrobbleFilter, ShareFilter
from listening.models import Scrobble, Share
from listening.models.share import ResourceType
from listening.querysets import through_visible_tracks
from listening.serializers import (
    IdSerializer,
    NewShareInputSerializer,
    ScrobbleSerializer,
    ShareInputSerializer,
    ShareSerializer,
)
from listening.services.shares import create_share, delete_share, kinds_of, update_share
from listening.views.base import ID, RowViewSet, checked, deleted, made
from navidrome_lib.api.wire import parse_library_id
from navidrome_lib.errors import NotFound


@extend_schema_view(
    list=extend_schema(description="List one's own shares; an admin sees those of everybody."),
    retrieve=extend_schema(description="Get one share.", parameters=[ID]),
)
class ShareViewSet(RowViewSet[Share]):
    """`GET|POST /api/share`, `GET|PUT|DELETE /api/share/{id}`."""

    serializer_class = ShareSerializer
    filterset_class = ShareFilter
    default_sort = ("created_at",)
    sort_fields = {
        "id": "pk",
        "username": "user__username_key",
        "description": "description",
        "contents": "contents",
        "format": "format",
        "downloadable": "downloadable",
        "visitCount": "visit_count",
        "lastVisitedAt": "last_visited_at",
        "expiresAt": "expires_at",
        "createdAt": "created_at",
        "updatedAt": "updated_at",
    }

    def get_queryset(self) -> QuerySet[Share]:
        return Share.objects.visible_to(self.viewer).select_related("user").prefetch_related("items")

    def get_serializer(self, *args: Any, **options: Any) -> Any:
        """With the ids of those things that the viewer can still access."""
        shown = args[0] if args else []
        rows = [shown] if isinstance(shown, Share) else list(shown)
        ids = [item.thing_id for row in rows for item in row.items.all()]
        visible = set(kinds_of(self.viewer, ids, list(ResourceType))) if ids else set()
        options["context"] = {**self.get_serializer_context(), "visible": visible}
        return ShareSerializer(*args, **options)

    @extend_schema(request=NewShareInputSerializer, responses={200: IdSerializer})
    def create(self, request: Request) -> Response:
        """Share songs, albums, artists or playlists. Only with `ND_ENABLESHARING=true`."""
        values = checked(NewShareInputSerializer, request)
        ids = [pk.strip() for pk in values.pop("resourceIds").split(",")]
        kind = values.pop("resourceType", None)
        return made(create_share(self.viewer, ids, ResourceType(kind) if kind else None, values))

    @extend_schema(request=ShareInputSerializer, responses={200: ShareSerializer}, parameters=[ID])
    def update(self, request: Request, pk: str) -> Response:
        """Change a share; absent keys stay."""
        return self.answer(update_share(self.get_object(), checked(ShareInputSerializer, request)))

    @extend_schema(responses={200: OpenApiTypes.OBJECT}, parameters=[ID])
    def destroy(self, request: Request, pk: str) -> Response:
        """End a share."""
        delete_share(self.get_object())
        return deleted()


@extend_schema_view(
    list=extend_schema(description="List one's own plays, with their times."),
    retrieve=extend_schema(description="Get one play.", parameters=[ID]),
)
class ScrobbleViewSet(RowViewSet[Scrobble]):
    """`GET /api/scrobble`, `GET /api/scrobble/{id}`: no one sees the plays of others, not even an admin."""

    serializer_class = ScrobbleSerializer
    filterset_class = ScrobbleFilter
    default_sort = ("submission_time",)
    sort_fields = {"id": "pk", "submissionTime": "submission_time"}

    def get_queryset(self) -> QuerySet[Scrobble]:
        rows = Scrobble.objects.filter(through_visible_tracks(self.viewer), user=self.viewer.pk)
        return rows.only("pk", "media_file_id", "submission_time")

    def get_object(self) -> Any:
        number = parse_library_id(self.kwargs["pk"])
        found = None if number is None else self.get_queryset().filter(pk=number).first()
        if found is None:
            raise NotFound
        return found
