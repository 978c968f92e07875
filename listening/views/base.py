"""What the resources of this app share: how a row is found, and what writes answer."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from navidrome_lib.api.permissions import IsSignedIn
from navidrome_lib.db.ids import can_be_id
from navidrome_lib.errors import NotFound
from navidrome_lib.viewer import Viewer, viewer_of
from users.models import Scope

Row = TypeVar("Row", bound=Model)

ID = OpenApiParameter("id", OpenApiTypes.STR, OpenApiParameter.PATH)


class RowViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[Row]):
    """Rows with opaque ids, for everybody who is signed in."""

    permission_classes = (IsSignedIn,)
    # what a key or an app needs to change something here
    key_scope = Scope.LISTEN

    @property
    def viewer(self) -> Viewer:
        """Who asks."""
        return viewer_of(self.request)

    def get_object(self) -> Any:
        pk = self.kwargs["pk"]
        found = self.get_queryset().filter(pk=pk).first() if can_be_id(pk) else None
        if found is None:
            raise NotFound
        return found

    def answer(self, row: Row) -> Response:
        """The whole object."""
        return Response(self.get_serializer(row).data)


def checked(shape: type[serializers.Serializer[Any]], request: Request, *, partial: bool = False) -> dict[str, Any]:
    """The body of a request as `shape` has it; absent keys are absent."""
    body = shape(data=request.data, partial=partial)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def made(row: Model) -> Response:
    """The answer to who made something: its id."""
    return Response({"id": str(row.pk)})


def deleted() -> Response:
    """The answer to who deleted something."""
    return Response({})
