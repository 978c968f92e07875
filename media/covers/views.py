"""`/api/artwork/{kind}/{id}/refresh`."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from media.choices import CoverKind
from media.covers.refreshing import refresh_covers
from navidrome_lib.api.openapi import refused
from navidrome_lib.viewer import viewer_of

KIND = OpenApiParameter("kind", OpenApiTypes.STR, OpenApiParameter.PATH, enum=list(map(str, CoverKind)))
ID = OpenApiParameter("id", OpenApiTypes.STR, OpenApiParameter.PATH)


class RefreshView(APIView):
    """`POST /api/artwork/{kind}/{id}/refresh`, for admins."""

    @extend_schema(request=None, responses={204: None, **refused(400, 503)}, parameters=[KIND, ID])
    def post(self, request: Request, kind: str, pk: str) -> Response:
        """Make the covers of a thing again.

        Its picture is looked for again, in folders, in files and outside, and sizes that were kept are forgotten. What
        a person gave it stays. Of a disc the id is `ID:2`.
        """
        refresh_covers(viewer_of(request), kind, pk)
        return Response(status=204)
