"""`/api/missing`, for admins."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework.decorators import action
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from missing import params, purges
from missing.export import export_lines
from missing.filters import MissingFileFilter
from missing.models import MissingFile, Purge
from missing.purge_preview import preview_purge
from missing.querysets import MissingFileQuerySet, add_album_counts, ids_by_album_count, rows_of
from missing.relink import find_candidates, find_song, relink
from missing.serializers import (
    CandidateSerializer,
    MissingFileSerializer,
    PreviewSerializer,
    PurgeResultSerializer,
    PurgeSerializer,
    RelinkedSerializer,
    RelinkSerializer,
    UndoResultSerializer,
)
from navidrome_lib.api.filters import QueryFilter, SortFilter, asked_sort, sort_text
from navidrome_lib.api.lists import PreparedPages
from navidrome_lib.api.openapi import refused
from navidrome_lib.api.pagination import ALL, asked_range
from navidrome_lib.api.schema import BODY_OF_DELETE
from navidrome_lib.errors import NotFound
from navidrome_lib.viewer import viewer_of

FILE_ID = OpenApiParameter("id", OpenApiTypes.STR, OpenApiParameter.PATH)
PURGE_ID = OpenApiParameter("id", OpenApiTypes.STR, OpenApiParameter.PATH)
# an id, or several with commas between
NAMES_ONE = {"type": "string", "pattern": "[^\\s,]"}
ID = OpenApiParameter(
    "id", {"type": "array", "items": NAMES_ONE}, description="Only these files; repeated, or separated by commas."
)
# more ids than an address can hold
IDS_IN_BODY = {
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {
                    "ids": {
                        "type": "array",
                        "items": NAMES_ONE,
                        "minItems": 1,
                        "maxItems": params.MAX_IDS,
                        "description": "Only these files; not together with the parameter id.",
                    }
                },
                "additionalProperties": False,
            }
        }
    }
}
DRY_RUN = OpenApiParameter("dryRun", OpenApiTypes.BOOL, description="Answer what would be removed, and remove nothing.")
REMOVED = PolymorphicProxySerializer(
    component_name="Removed", serializers=[PurgeResultSerializer, PreviewSerializer], resource_type_field_name=None
)


class MissingFileView(PreparedPages, GenericAPIView[Any]):
    """`GET|DELETE /api/missing`."""

    serializer_class = MissingFileSerializer
    filterset_class = MissingFileFilter
    # its own `id` is read by `params`, for a list as for a removal
    filter_backends = (QueryFilter, SortFilter)
    default_sort = ("library__name_key", "path")
    sort_fields = {
        "id": "pk",
        "path": "path",
        "title": "title",
        "album": "album",
        "artist": "artist",
        "albumArtist": "album_artist",
        "lastSeen": "last_seen_at",
        "missingSince": "missing_since",
        "updatedAt": "missing_since",
        "libraryId": "library",
        "libraryName": "library__name_key",
        "size": "size",
        "suffix": "suffix",
        "duration": "duration",
    }

    def get_queryset(self) -> MissingFileQuerySet:
        return MissingFile.objects.get_queryset().visible_to(viewer_of(self.request))

    @extend_schema(
        operation_id="missing_list",
        responses=MissingFileSerializer(many=True),
        parameters=[ID, OpenApiParameter("_sort", description=sort_text([*sort_fields, "missingFileCount"]))],
    )
    def get(self, request: Request) -> Response:
        """List the files that the catalog knows and that are not on the disk any more."""
        if asked_sort(request) == "missingFileCount":
            descending = request.query_params.get("_order", "").upper() == "DESC"
            rows = rows_of(self.paginate(ids_by_album_count(self.chosen(request), descending=descending)))
        elif asked_range(request.query_params) != ALL:
            # of a page, only the ids are put in order: what is sorted should be small
            rows = rows_of(self.page_of_ids(request))
        else:
            rows = self.paginate(self.chosen(request).as_rows())
        add_album_counts(rows)
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    @extend_schema(
        operation_id="missing_purge",
        parameters=[ID, DRY_RUN, OpenApiParameter("_sort", exclude=True), OpenApiParameter("_order", exclude=True)],
        filters=True,
        responses={200: REMOVED, **refused(404)},
        extensions={BODY_OF_DELETE: IDS_IN_BODY},
    )
    def delete(self, request: Request) -> Response:
        """Remove missing files from the catalog: those that are named, those that the filters find, or all.

        They leave every list at once and the database 30 days later. Until then the removal can be undone, and a file
        that returns to its place is in the catalog again with its id.
        """
        query = request._request.GET
        params.refuse_unknown(query, MissingFileFilter.base_filters)
        preview = params.dry_run(query)
        named = params.named_ids(query, request.data)
        known = None if named is None else purges.select_missing(params.possible(named))
        found = self.filter_queryset(self.get_queryset()).values_list("pk", flat=True)
        ids = list(found) if known is None else sorted(set(known).intersection(found))
        if preview:
            return Response(PreviewSerializer(preview_purge(ids)).data)
        return Response(PurgeResultSerializer(purges.purge_missing_files(ids, requested_by=str(request.user))).data)

    def paginate(self, rows: Any) -> list[Any]:
        """The rows of the page that was asked for."""
        return list(self.paginate_queryset(rows) or ())

    def page_of_ids(self, request: Request) -> list[str]:
        """The ids on the page that was asked for."""
        page = self.prepared_page(request)
        if page is None:
            return self.paginate(self.asked(request))
        ids, self.paginator.total = page.read()  # type: ignore[union-attr]
        return ids

    def asked(self, request: Request) -> Any:
        return self.chosen(request).values_list("pk", flat=True)

    def chosen(self, request: Request) -> Any:
        """The files that filters and `id` choose."""
        files = self.filter_queryset(self.get_queryset())
        named = params.asked_ids(request._request.GET)
        return files if named is None else files.filter(pk__in=params.possible(named))


class OneMissingFileView(GenericAPIView[Any]):
    """`/api/missing/{id}…`: what concerns one missing file."""

    def get_queryset(self) -> MissingFileQuerySet:
        return MissingFile.objects.get_queryset().visible_to(viewer_of(self.request))

    def get_object(self) -> MissingFile:
        files = self.get_queryset().select_related("library")
        file: MissingFile | None = files.filter(pk__in=params.possible([self.kwargs["pk"]])).first()
        if file is None:
            raise NotFound
        return file


class MissingFileDetailView(OneMissingFileView):
    """`GET /api/missing/{id}`."""

    serializer_class = MissingFileSerializer

    @extend_schema(operation_id="missing_retrieve", parameters=[FILE_ID], responses=MissingFileSerializer)
    def get(self, request: Request, pk: str) -> Response:
        """Get one missing file."""
        rows = list(self.get_queryset().filter(pk__in=params.possible([pk])).as_rows())
        if not rows:
            raise NotFound
        add_album_counts(rows)
        return Response(self.get_serializer(rows[0]).data)


class CandidatesView(OneMissingFileView):
    """`GET /api/missing/{id}/candidates`."""

    filter_backends = ()
    pagination_class = None

    @extend_schema(operation_id="missing_candidates", parameters=[FILE_ID], responses=CandidateSerializer(many=True))
    def get(self, request: Request, pk: str) -> Response:
        """The songs that a missing file may have become, the likeliest first."""
        found = find_candidates(self.get_object())
        data = CandidateSerializer(found, many=True).data  # type: ignore[arg-type]
        return Response(data, headers={"X-Total-Count": str(len(found))})


class RelinkView(OneMissingFileView):
    """`POST /api/missing/{id}/relink`."""

    @extend_schema(
        operation_id="missing_relink",
        parameters=[FILE_ID],
        request=RelinkSerializer,
        responses={200: RelinkedSerializer, **refused(409)},
    )
    def post(self, request: Request, pk: str) -> Response:
        """MovePlan a missing file to the song it has become: the song lives on under the id of the missing file."""
        file = self.get_object()
        body = RelinkSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        (song_id,) = params.possible([body.validated_data["songId"]])
        return Response(RelinkedSerializer(relink(file, find_song(song_id, viewer_of(request)))).data)


class PurgeViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[Purge]):
    """`GET /api/missing/purge`, `POST /api/missing/purge/{id}/undo`."""

    serializer_class = PurgeSerializer
    default_sort = ("-created_at",)
    sort_fields = {
        "id": "pk",
        "createdAt": "created_at",
        "createdBy": "created_by",
        "reason": "reason",
        "fileCount": "file_count",
        "size": "size",
        "expiresAt": "expires_at",
        "undoneAt": "undone_at",
        "restoredCount": "restored_count",
        "restorable": "restorable",
    }

    def get_queryset(self) -> QuerySet[Purge]:
        return Purge.objects.with_restorable()

    def get_object(self) -> Purge:
        purge = self.get_queryset().filter(pk__in=params.possible([self.kwargs["pk"]])).first()
        if purge is None:
            raise NotFound
        return purge

    @extend_schema(request=None, responses={200: UndoResultSerializer, **refused(409)}, parameters=[PURGE_ID])
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Bring the files of a purge back as missing ones, with the same ids."""
        return Response(UndoResultSerializer(purges.undo_purge(self.get_object())).data)

    @extend_schema(responses={(200, "application/x-ndjson"): OpenApiTypes.STR}, parameters=[PURGE_ID], filters=False)
    @action(detail=True)
    def export(self, request: Request, pk: str) -> StreamingHttpResponse:
        """The files that an undo would bring back, with everything that was known of them, as JSON lines."""
        purge = self.get_object()
        name = f"purge-{purge.created_at:%Y-%m-%d}-{purge.pk}.jsonl"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(export_lines(purge), content_type="application/x-ndjson", headers=headers)
