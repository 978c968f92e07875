"""`/api/queue`: what a person was playing, to go on elsewhere."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from libraries.catalog_api.songs import song_objects
from listening.serializers import NEVER, QueueInputSerializer, QueueSerializer
from listening.services.queues import delete_queue, find_queue, save_queue
from listening.views.base import checked
from navidrome_lib.api.permissions import IsSignedIn
from navidrome_lib.api.wire import instant
from navidrome_lib.viewer import viewer_of
from users.models import Scope

NO_QUEUE = {
    "id": "", "userId": "", "current": 0, "position": 0, "changedBy": "", "createdAt": NEVER, "updatedAt": NEVER,
}  # fmt: skip


class QueueView(APIView):
    """`GET|POST|PUT|DELETE /api/queue`: one's own, for everybody."""

    permission_classes = (IsSignedIn,)
    key_scope = Scope.LISTEN

    @extend_schema(responses=QueueSerializer)
    def get(self, request: Request) -> Response:
        """The play queue, with the songs that the account can access."""
        viewer = viewer_of(request)
        found = find_queue(viewer)
        if found is None:
            return Response(NO_QUEUE)
        songs = song_objects(found.track_ids, viewer)
        answer: dict[str, Any] = {
            "id": found.queue.pk,
            "userId": viewer.pk,
            "current": found.current,
            "position": found.queue.position,
            "changedBy": found.queue.changed_by,
            **({"items": songs} if songs else {}),
            "createdAt": instant(found.queue.created_at),
            "updatedAt": instant(found.queue.updated_at),
        }
        return Response(answer)

    @extend_schema(request=QueueInputSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Save the play queue; without songs it is deleted. Songs that the account cannot access are left out."""
        body = checked(QueueInputSerializer, request)
        ids = list(body.get("ids") or ())
        save_queue(viewer_of(request), track_ids=ids, current=body.get("current", 0), position=body.get("position", 0))
        return Response(status=204)

    @extend_schema(request=QueueInputSerializer, responses={204: None})
    def put(self, request: Request) -> Response:
        """Change the play queue; absent keys stay."""
        body = checked(QueueInputSerializer, request)
        save_queue(
            viewer_of(request), track_ids=body.get("ids"), current=body.get("current"), position=body.get("position")
        )
        return Response(status=204)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Delete the play queue."""
        delete_queue(viewer_of(request))
        return Response(status=204)
