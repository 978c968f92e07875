"""`/api/library` and `/api/scan`, for admins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from libraries import visible
from libraries.choices import ScanTrigger
from libraries.cleanup import attached_to_library
from libraries.filters import LibraryFilter, ScanChangeFilter, ScanFilter
from libraries.models import Library, Scan, ScanProblem
from libraries.serializers import (
    ExplanationSerializer,
    LibraryInputSerializer,
    LibraryRemovalSerializer,
    LibrarySerializer,
    ProblemSerializer,
    ScanChangeSerializer,
    ScanRequestSerializer,
    ScanSerializer,
    refusing_fields,
)
from libraries.services import libraries, scans
from libraries.storage.explain import explain_path
from libraries.storage.roots import ScanTargets, prepare_targets
from navidrome_lib.api.filters import IdFilter
from navidrome_lib.api.lists import PreparedListMixin
from navidrome_lib.api.openapi import refused
from navidrome_lib.api.wire import location, parse_library_id
from navidrome_lib.errors import InvalidInput, NotAllowed, NotFound
from navidrome_lib.viewer import viewer_of

EXPLAINED_PATH = OpenApiParameter(
    "path", OpenApiTypes.STR, required=True, description="Relative to the library's root, or absolute."
)
LIBRARY_ID = OpenApiParameter("id", OpenApiTypes.STR, OpenApiParameter.PATH)


DRY_RUN = OpenApiParameter("dryRun", OpenApiTypes.BOOL, description="Answer what would go, and remove nothing.")


def asked_dry_run(request: Request) -> bool:
    """Whether to answer only what would happen; a value that is neither true nor false is refused."""
    text = request.query_params.get("dryRun", "false").strip().lower()
    if text not in ("true", "false", "1", "0"):
        raise InvalidInput(errors={"dryRun": "Must be true or false."})
    return text in ("true", "1")


class NumericIdMixin:
    """Looks rows up by the digits of their number; anything else is an unknown id."""

    def get_object(self) -> Any:
        number = parse_library_id(self.kwargs["pk"])  # type: ignore[attr-defined]
        found = None if number is None else self.find(number)
        if found is None:
            raise NotFound
        return found

    def find(self, number: int) -> Any:
        """The row with that number that the viewer may see, or None."""
        return self.get_queryset().filter(pk=number).first()  # type: ignore[attr-defined]


@extend_schema_view(
    list=extend_schema(description="List all libraries."),
    retrieve=extend_schema(description="Get one library.", parameters=[LIBRARY_ID]),
)
class LibraryViewSet(NumericIdMixin, PreparedListMixin, RetrieveModelMixin, GenericViewSet[Library]):
    """`GET|POST /api/library`, `GET|PUT|PATCH|DELETE /api/library/{id}`."""

    serializer_class = LibrarySerializer
    filterset_class = LibraryFilter
    default_sort = ("name_key",)
    sort_fields = {
        "id": "pk",
        "name": "name_key",
        "path": "path",
        "lastScanTime": "last_scan_at",
        "lastScanAt": "last_scan_at",
        "songCount": "total_songs",
        "totalSongs": "total_songs",
        "totalAlbums": "total_albums",
        "totalArtists": "total_artists",
        "totalMissingFiles": "total_missing_files",
        "duration": "total_duration",
        "totalDuration": "total_duration",
        "size": "total_size",
        "totalSize": "total_size",
        "defaultNewUsers": "default_new_users",
        "createdAt": "created_at",
        "updatedAt": "updated_at",
    }

    def get_queryset(self) -> QuerySet[Library]:
        return Library.objects.visible_to(viewer_of(self.request)).with_scan_state()

    def find(self, number: int) -> Library | None:
        return visible.library_with_state(viewer_of(self.request), number)

    def answer(self, library: Library, code: int = status.HTTP_200_OK) -> Response:
        """The whole object as it is now; `NotFound` when it is deleted at this moment."""
        current = self.find(library.pk)
        if current is None:
            raise NotFound
        data = LibrarySerializer(current).data
        return Response(data, status=code, headers=location(f"/api/library/{library.pk}") if code == 201 else {})

    @extend_schema(request=LibraryInputSerializer, responses={201: LibrarySerializer, **refused(409)})
    def create(self, request: Request) -> Response:
        """Create a library and queue its first scan."""
        body = LibraryInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with refusing_fields():
            library = libraries.create_library(body.prepared, requested_by=str(request.user))
        return self.answer(library, status.HTTP_201_CREATED)

    @extend_schema(
        request=LibraryInputSerializer(partial=True),
        responses={200: LibrarySerializer, **refused(409)},
        parameters=[LIBRARY_ID],
    )
    def update(self, request: Request, pk: str) -> Response:
        """Change a library; absent keys stay."""
        library = self.get_object()
        body = LibraryInputSerializer(library, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        with refusing_fields():
            libraries.update_library(library, body.prepared, requested_by=str(request.user))
        return self.answer(library)

    @extend_schema(
        request=LibraryInputSerializer(partial=True),
        responses={200: LibrarySerializer, **refused(409)},
        parameters=[LIBRARY_ID],
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """The same as PUT."""
        return self.update(request, pk)

    @extend_schema(responses={200: LibraryRemovalSerializer}, parameters=[LIBRARY_ID, DRY_RUN])
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a library, everything the catalog holds of it, and what people added to that. Its files stay.

        `dryRun=true` removes nothing, and answers with what would go.
        """
        library, dry = self.get_object(), asked_dry_run(request)
        attached = attached_to_library(library.pk)
        if not dry:
            libraries.delete_library(library)
        wire_id = LibrarySerializer(library).fields["id"].to_representation(library.pk)
        return Response({"id": wire_id, "dryRun": dry, "songs": library.total_songs, "attached": attached})

    @extend_schema(responses=ExplanationSerializer, parameters=[LIBRARY_ID, EXPLAINED_PATH])
    @action(detail=True, filterset_class=None, filter_backends=[], pagination_class=None)
    def explain(self, request: Request, pk: str) -> Response:
        """Say why a file or folder is, or is not, in this library."""
        library = self.get_object()
        path = request.query_params.get("path")
        if path is None:
            raise InvalidInput(errors={"path": "A path is required, relative to the library's root."})
        return Response(ExplanationSerializer(explain_path(library, path)).data)


def asked_targets(library: Library, paths: Sequence[str]) -> ScanTargets:
    """The folders in `paths` of a body; `InvalidInput` names that field."""
    try:
        return prepare_targets(library, paths)
    except InvalidInput as error:
        raise InvalidInput(errors={"paths": error.message}) from error


@extend_schema_view(
    list=extend_schema(description="List scans, the newest first."),
    retrieve=extend_schema(description="Get one scan with its progress.", parameters=[LIBRARY_ID]),
)
class ScanViewSet(NumericIdMixin, PreparedListMixin, RetrieveModelMixin, GenericViewSet[Scan]):
    """`GET|POST /api/scan`, `GET|DELETE /api/scan/{id}` and what can be done with one."""

    serializer_class = ScanSerializer
    filterset_class = ScanFilter
    default_sort = ("-pk",)
    sort_fields = {
        "id": "pk",
        "library": "library__name_key",
        "libraryId": "library",
        "libraryName": "library__name_key",
        "trigger": "trigger",
        "state": "state",
        "seen": "seen",
        "added": "added",
        "updated": "updated",
        "moved": "moved",
        "restored": "restored",
        "missing": "missing",
        "skipped": "skipped",
        "failed": "failed",
        "requested": "requested_at",
        "started": "started_at",
        "finished": "finished_at",
    }

    @property
    def key_scope(self) -> str:
        """What an API key needs for more than to look: to start scans is all that the scope `scan` gives."""
        return "scan" if self.action == "create" else "manage"

    def get_queryset(self) -> QuerySet[Scan]:
        return Scan.objects.visible_to(viewer_of(self.request)).select_related("library")

    @extend_schema(request=ScanRequestSerializer, responses={201: ScanSerializer, **refused(404)})
    def create(self, request: Request) -> Response:
        """Ask for a scan of a library, or of some of its folders; a request that already waits is joined."""
        body = ScanRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        library = Library.objects.visible_to(viewer_of(request)).filter(pk=asked["libraryId"]).first()
        if library is None:
            raise NotFound
        if (asked["accept_empty"] or asked["accept_device"]) and not viewer_of(request).may_manage:
            raise NotAllowed("To accept storage as it is takes the scope “manage”.")
        scan = scans.request_scan(
            library,
            trigger=ScanTrigger.API,
            full=asked["full"],
            targets=asked_targets(library, asked.get("paths", ())),
            accept_empty=asked["accept_empty"],
            accept_device=asked["accept_device"],
            requested_by=str(request.user),
        )
        return Response(ScanSerializer(scan).data, status=201, headers=location(f"/api/scan/{scan.pk}"))

    @extend_schema(responses={200: ScanSerializer, **refused(409)}, parameters=[LIBRARY_ID])
    def destroy(self, request: Request, pk: str) -> Response:
        """Cancel a scan."""
        return Response(ScanSerializer(scans.cancel_scan(self.get_object())).data)

    @extend_schema(request=None, responses={200: ScanSerializer, **refused(409)}, parameters=[LIBRARY_ID])
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Queue a scan that marks what this held scan found gone, as far as it is still gone; answers with it."""
        approving = scans.approve_scan(self.get_object(), requested_by=str(request.user))
        return Response(ScanSerializer(approving).data)

    @extend_schema(request=None, responses={200: ScanSerializer, **refused(409)}, parameters=[LIBRARY_ID])
    @action(detail=True, methods=["post"])
    def discard(self, request: Request, pk: str) -> Response:
        """Forget what this held scan found gone; nothing is marked."""
        return Response(ScanSerializer(scans.discard_scan(self.get_object())).data)

    @extend_schema(responses=ScanChangeSerializer(many=True), parameters=[LIBRARY_ID])
    @action(
        detail=True,
        filterset_class=ScanChangeFilter,
        default_sort=("folder", "kind", "from_folder"),
        sort_fields={"id": "pk", "kind": "kind", "folder": "folder", "fromFolder": "from_folder", "count": "count"},
    )
    def changes(self, request: Request, pk: str) -> Response:
        """List what this scan changed, by folder and kind."""
        rows = self.filter_queryset(self.get_object().changes.all())
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(ScanChangeSerializer(page, many=True).data)  # type: ignore[arg-type]

    @extend_schema(responses=ProblemSerializer(many=True), parameters=[LIBRARY_ID])
    @action(detail=True, filterset_class=None, filter_backends=[IdFilter])
    def problem(self, request: Request, pk: str) -> Response:
        """List the files and folders that this scan could not read."""
        rows: QuerySet[Any] = ScanProblem.objects.filter(scan=self.get_object()).order_by("path", "pk")
        page = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(ProblemSerializer(page, many=True).data)  # type: ignore[arg-type]
