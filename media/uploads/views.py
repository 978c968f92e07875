"""`/api/playlist/{id}/image`, `/api/radio/{id}/image` and `/api/artist/{id}/image`."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from media.choices import CoverKind
from media.uploads.parsing import FIELD, PictureForm
from media.uploads.service import changeable, give_picture, take_picture
from navidrome_lib.api.openapi import refused
from navidrome_lib.api.permissions import IsSignedIn
from navidrome_lib.errors import InvalidInput
from navidrome_lib.viewer import viewer_of
from users.models import Scope

ID = OpenApiParameter("id", OpenApiTypes.STR, OpenApiParameter.PATH)
FORM = {
    "multipart/form-data": {
        "type": "object",
        "properties": {FIELD: {"type": "string", "format": "binary"}},
        "required": [FIELD],
    }
}


class DoneSerializer(serializers.Serializer[None]):
    """That it is done."""

    status = serializers.CharField(help_text="`ok`.")


class PictureView(APIView):
    """The picture of one kind of thing."""

    permission_classes = (IsSignedIn,)
    parser_classes = (PictureForm,)
    key_scope = Scope.MANAGE
    kind = CoverKind.RADIO

    @extend_schema(request=FORM, responses={200: DoneSerializer, **refused(403)}, parameters=[ID])
    def post(self, request: Request, pk: str) -> Response:
        """Give a picture, instead of the one that was there. Up to 10 MiB are read; no file is kept as it is.

        Of a playlist that is for its owner and admins, of a radio station or an artist for admins.
        """
        viewer = viewer_of(request)
        changeable(viewer, self.kind, pk)
        data = request.data.get(FIELD) if isinstance(request.data, dict) else None
        if not data:
            raise InvalidInput(errors={FIELD: "Send a picture in this field of the form."})
        give_picture(viewer, self.kind, pk, data)
        return Response({"status": "ok"})

    @extend_schema(responses={200: DoneSerializer, **refused(403)}, parameters=[ID])
    def delete(self, request: Request, pk: str) -> Response:
        """Take the picture away; without one nothing changes."""
        take_picture(viewer_of(request), self.kind, pk)
        return Response({"status": "ok"})


class PlaylistPictureView(PictureView):
    """`POST|DELETE /api/playlist/{id}/image`."""

    key_scope = Scope.LISTEN
    kind = CoverKind.PLAYLIST


class RadioPictureView(PictureView):
    """`POST|DELETE /api/radio/{id}/image`."""


class ArtistPictureView(PictureView):
    """`POST|DELETE /api/artist/{id}/image`."""

    kind = CoverKind.ARTIST
