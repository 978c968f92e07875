"""`/api/player`, `/api/transcoding` and `/api/radio`: with what, in which formats and from where people listen."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet
from django.db.models.functions import Lower
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from listening.filters import PlayerFilter, RadioFilter, TranscodingFilter
from listening.models import Player, Radio, Transcoding
from listening.serializers import (
    IdSerializer,
    PlayerInputSerializer,
    PlayerSerializer,
    RadioInputSerializer,
    RadioSerializer,
    TranscodingInputSerializer,
    TranscodingSerializer,
)
from listening.services.players import save_player
from listening.views.base import ID, RowViewSet, checked, deleted, made
from navidrome_lib.api.openapi import refused
from navidrome_lib.api.permissions import IsAdmin, IsSignedIn
from navidrome_lib.audit.services import record
from navidrome_lib.errors import Conflict, InvalidInput, NotAllowed
from users.models import Scope


@extend_schema_view(
    list=extend_schema(description="List one's own players; an admin sees those of everybody."),
    retrieve=extend_schema(description="Get one player.", parameters=[ID]),
)
class PlayerViewSet(RowViewSet[Player]):
    """`GET|POST /api/player`, `GET|PUT|DELETE /api/player/{id}`."""

    serializer_class = PlayerSerializer
    filterset_class = PlayerFilter
    default_sort = ("pk",)
    sort_fields = {
        "id": "pk",
        "name": "name_key",
        "client": "client",
        "userName": "user__username_key",
        "transcodingId": "transcoding",
        "maxBitRate": "max_bit_rate",
        "lastSeen": "last_seen",
    }

    def get_queryset(self) -> QuerySet[Player]:
        rows: QuerySet[Player] = Player.objects.visible_to(self.viewer)
        return rows.select_related("user").alias(name_key=Lower("name"))

    @extend_schema(request=PlayerInputSerializer, responses={200: IdSerializer, **refused(409)})
    def create(self, request: Request) -> Response:
        """Make a player of one's own; an admin may make one for another account. Clients get theirs by themselves."""
        values = checked(PlayerInputSerializer, request)
        return made(save_player(Player(), {"user_id": self.viewer.pk, **self.allowed(values)}))

    @extend_schema(
        request=PlayerInputSerializer(partial=True), responses={200: PlayerSerializer, **refused(409)}, parameters=[ID]
    )
    def update(self, request: Request, pk: str) -> Response:
        """Change a player; absent keys stay."""
        player = self.get_object()
        save_player(player, self.allowed(checked(PlayerInputSerializer, request, partial=True)))
        return self.answer(self.get_object())

    @extend_schema(responses={200: OpenApiTypes.OBJECT}, parameters=[ID])
    def destroy(self, request: Request, pk: str) -> Response:
        """Forget a player. It comes back when its client does."""
        self.get_object().delete()
        return deleted()

    def allowed(self, values: dict[str, Any]) -> dict[str, Any]:
        """The values, unless they give the player to another account without the right to."""
        owner = values.get("user_id")
        if owner is not None and owner != self.viewer.pk:
            if not self.viewer.is_admin:
                raise NotAllowed("Only an admin may make or change players of others.")
            if not get_user_model()._default_manager.filter(pk=owner).exists():
                raise InvalidInput(errors={"userId": "There is no user with this id."})
        return values


class AdminWritesViewSet(RowViewSet[Any]):
    """Rows that everybody sees and admins change; their `kind` is named in the audit trail."""

    key_scope = Scope.MANAGE
    kind = ""
    unique: dict[str, str] = {}

    def get_permissions(self) -> list[BasePermission]:
        writes = self.action in ("create", "update", "destroy")
        return [IsAdmin() if writes else IsSignedIn()]

    def require_writable(self) -> None:
        """Refuse what this server does not let even admins change."""

    def save(self, row: Model, values: dict[str, Any], action: str) -> None:
        """Write a row; `Conflict` with the field when another one has the same name."""
        for field, value in values.items():
            setattr(row, field, value)
        try:
            with transaction.atomic():
                row.save()
                record(f"{self.kind}.{action}", kind=self.kind, pk=row.pk, name=str(row))
        except IntegrityError as error:
            for key, field in self.unique.items():
                same = type(row)._default_manager.filter(**{field: getattr(row, field)}).exclude(pk=row.pk)
                if same.exists():
                    raise Conflict(errors={key: f"There is another {self.kind} with this {key}."}) from error
            raise

    def remove(self, row: Model) -> Response:
        """Delete a row."""
        pk, name = row.pk, str(row)
        with transaction.atomic():
            row.delete()
            record(f"{self.kind}.delete", kind=self.kind, pk=pk, name=name)
        return deleted()


@extend_schema_view(
    list=extend_schema(description="List all radio stations."),
    retrieve=extend_schema(description="Get one radio station.", parameters=[ID]),
)
class RadioViewSet(AdminWritesViewSet):
    """`GET|POST /api/radio`, `GET|PUT|DELETE /api/radio/{id}`."""

    kind = "radio"
    unique = {"name": "name"}
    serializer_class = RadioSerializer
    filterset_class = RadioFilter
    default_sort = ("pk",)
    sort_fields = {
        "id": "pk",
        "name": "name_key",
        "streamUrl": "stream_url",
        "homePageUrl": "home_page_url",
        "createdAt": "created_at",
        "updatedAt": "updated_at",
    }

    def get_queryset(self) -> QuerySet[Radio]:
        return Radio.objects.alias(name_key=Lower("name"))

    @extend_schema(request=RadioInputSerializer, responses={200: IdSerializer, **refused(409)})
    def create(self, request: Request) -> Response:
        """Add a radio station."""
        radio = Radio()
        self.save(radio, checked(RadioInputSerializer, request), "create")
        return made(radio)

    @extend_schema(
        request=RadioInputSerializer(partial=True), responses={200: RadioSerializer, **refused(409)}, parameters=[ID]
    )
    def update(self, request: Request, pk: str) -> Response:
        """Change a radio station; absent keys stay."""
        radio = self.get_object()
        self.save(radio, checked(RadioInputSerializer, request, partial=True), "update")
        return self.answer(radio)

    @extend_schema(responses={200: OpenApiTypes.OBJECT}, parameters=[ID])
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a radio station."""
        return self.remove(self.get_object())


@extend_schema_view(
    list=extend_schema(description="List the formats that audio can be converted to. Only admins see the commands."),
    retrieve=extend_schema(description="Get one format.", parameters=[ID]),
)
class TranscodingViewSet(AdminWritesViewSet):
    """`GET|POST /api/transcoding`, `GET|PUT|DELETE /api/transcoding/{id}`."""

    kind = "transcoding"
    unique = {"name": "name", "targetFormat": "target_format"}
    serializer_class = TranscodingSerializer
    filterset_class = TranscodingFilter
    default_sort = ("pk",)
    sort_fields = {
        "id": "pk",
        "name": "name_key",
        "targetFormat": "target_format",
        "defaultBitRate": "default_bit_rate",
    }

    def get_queryset(self) -> QuerySet[Transcoding]:
        return Transcoding.objects.alias(name_key=Lower("name"))

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "is_admin": self.viewer.is_admin}

    def require_writable(self) -> None:
        if not settings.CONF.enable_transcoding_config:
            raise NotAllowed("ND_ENABLETRANSCODINGCONFIG=true lets admins change the commands that convert audio.")

    @extend_schema(request=TranscodingInputSerializer, responses={200: IdSerializer, **refused(409)})
    def create(self, request: Request) -> Response:
        """Add a format. Only with `ND_ENABLETRANSCODINGCONFIG=true`."""
        self.require_writable()
        transcoding = Transcoding()
        self.save(transcoding, checked(TranscodingInputSerializer, request), "create")
        return made(transcoding)

    @extend_schema(
        request=TranscodingInputSerializer(partial=True),
        responses={200: TranscodingSerializer, **refused(409)},
        parameters=[ID],
    )
    def update(self, request: Request, pk: str) -> Response:
        """Change a format; absent keys stay. Only with `ND_ENABLETRANSCODINGCONFIG=true`."""
        self.require_writable()
        transcoding = self.get_object()
        self.save(transcoding, checked(TranscodingInputSerializer, request, partial=True), "update")
        return self.answer(transcoding)

    @extend_schema(responses={200: OpenApiTypes.OBJECT}, parameters=[ID])
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a format. Players that use it get original files. Only with `ND_ENABLETRANSCODINGCONFIG=true`."""
        self.require_writable()
        return self.remove(self.get_object())
