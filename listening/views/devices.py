"""`/api/player`, `/api/transcoding` and `/api/radio`: with what, in which formats and from where people listen."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.db.models.functions import Lower
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from listening.extension import added_keys
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
from listening.services.radios import delete_radio, save_radio
from listening.services.transcodings import delete_transcoding, save_transcoding
from listening.views.base import ID, RowViewSet, checked, deleted, made
from navidrome_lib.api.openapi import refused
from navidrome_lib.api.permissions import IsAdmin, IsSignedIn
from navidrome_lib.errors import InvalidInput, NotAllowed
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
    """Rows that everybody sees and admins change."""

    key_scope = Scope.MANAGE

    def get_permissions(self) -> list[BasePermission]:
        writes = self.action in ("create", "update", "destroy")
        return [IsAdmin() if writes else IsSignedIn()]


@extend_schema_view(
    list=extend_schema(description="List all radio stations."),
    retrieve=extend_schema(description="Get one radio station.", parameters=[ID]),
)
class RadioViewSet(AdminWritesViewSet):
    """`GET|POST /api/radio`, `GET|PUT|DELETE /api/radio/{id}`."""

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

    def get_serializer(self, *args: Any, **options: Any) -> Any:
        """With the keys of other apps."""
        rows = [args[0]] if args and isinstance(args[0], Radio) else list(args[0]) if args else []
        added = added_keys(Radio, [row.pk for row in rows])
        options["context"] = {**self.get_serializer_context(), "added": added}
        return RadioSerializer(*args, **options)

    def get_queryset(self) -> QuerySet[Radio]:
        return Radio.objects.alias(name_key=Lower("name"))

    @extend_schema(request=RadioInputSerializer, responses={200: IdSerializer, **refused(409)})
    def create(self, request: Request) -> Response:
        """Add a radio station."""
        return made(save_radio(Radio(), checked(RadioInputSerializer, request)))

    @extend_schema(
        request=RadioInputSerializer(partial=True), responses={200: RadioSerializer, **refused(409)}, parameters=[ID]
    )
    def update(self, request: Request, pk: str) -> Response:
        """Change a radio station; absent keys stay."""
        return self.answer(save_radio(self.get_object(), checked(RadioInputSerializer, request, partial=True)))

    @extend_schema(responses={200: OpenApiTypes.OBJECT}, parameters=[ID])
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a radio station."""
        delete_radio(self.get_object())
        return deleted()


@extend_schema_view(
    list=extend_schema(description="List the formats that audio can be converted to. Only admins see the commands."),
    retrieve=extend_schema(description="Get one format.", parameters=[ID]),
)
class TranscodingViewSet(AdminWritesViewSet):
    """`GET|POST /api/transcoding`, `GET|PUT|DELETE /api/transcoding/{id}`."""

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
        """Refuse what this server does not let even admins change."""
        if not settings.CONF.enable_transcoding_config:
            raise NotAllowed("ND_ENABLETRANSCODINGCONFIG=true lets admins change the commands that convert audio.")

    @extend_schema(request=TranscodingInputSerializer, responses={200: IdSerializer, **refused(409)})
    def create(self, request: Request) -> Response:
        """Add a format. Only with `ND_ENABLETRANSCODINGCONFIG=true`."""
        self.require_writable()
        return made(save_transcoding(Transcoding(), checked(TranscodingInputSerializer, request)))

    @extend_schema(
        request=TranscodingInputSerializer(partial=True),
        responses={200: TranscodingSerializer, **refused(409)},
        parameters=[ID],
    )
    def update(self, request: Request, pk: str) -> Response:
        """Change a format; absent keys stay. Only with `ND_ENABLETRANSCODINGCONFIG=true`."""
        self.require_writable()
        values = checked(TranscodingInputSerializer, request, partial=True)
        return self.answer(save_transcoding(self.get_object(), values))

    @extend_schema(responses={200: OpenApiTypes.OBJECT}, parameters=[ID])
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a format. Players that use it get original files. Only with `ND_ENABLETRANSCODINGCONFIG=true`."""
        self.require_writable()
        delete_transcoding(self.get_object())
        return deleted()
