"""`GET /api/events`."""

from __future__ import annotations

import copy
from typing import Any

from django.contrib.auth import get_user
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from libraries.events.hub import HUB
from navidrome_lib.api import streams
from navidrome_lib.api.permissions import IsSignedIn
from navidrome_lib.audit.tabs import tab_of_stream
from navidrome_lib.viewer import Viewer, viewer_of

# one of the messages of a stream, for the OpenAPI document
EVENT = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "event": {"type": "string"}, "data": {"type": "string"}},
}


class EventView(APIView):
    """`GET /api/events`: what happens in the libraries that the caller can access."""

    permission_classes = [IsSignedIn]
    hub = HUB

    @extend_schema(responses={(200, streams.CONTENT_TYPE): EVENT})
    def get(self, request: Request) -> streams.LiveResponse:
        """Server-sent events. The first is `serverStart`; the next ones tell how things are, all others what changed.

        - `serverStart`: `{"startTime", "version"}`
        - `scanStatus` (Navidrome's keys) and `scan` (an object of `/api/scan`): a scan waits, goes on or ends
        - `refreshResource`: what to ask again, `{"library": ["3"], "user": ["…"]}`, `{"song": ["*"]}` (all of a kind)
          or `{"*": "*"}` (everything)
        - `nowPlayingCount`: `{"count"}`, how many listen to songs that the caller can access
        - `keepAlive`: every 15 seconds

        The stream ends after an hour, and at once when the account may no longer look; a browser's `EventSource` comes
        back by itself. When a process carries too many, an old one of the account with the most ends.
        """
        viewer, tab = viewer_of(request), tab_of_stream(request._request)

        def listen(channel: streams.Channel) -> None:
            self.hub.open(channel, viewer, lambda: self.viewer_now(request), tab=tab)

        return streams.LiveResponse(listen, content_type=streams.CONTENT_TYPE, headers=streams.HEADERS)

    @extend_schema(exclude=True)
    def head(self, request: Request) -> Response:
        """What a GET would say first; without this, it would begin a stream."""
        return Response(content_type=streams.CONTENT_TYPE, headers=streams.HEADERS)

    def viewer_now(self, request: Request) -> Viewer | None:
        """The viewer that the credentials of the request stand for now; None when they are not accepted any more."""
        try:
            again = self.initialize_request(unauthenticated(request._request))
            self.check_permissions(again)
        except APIException:
            return None
        return viewer_of(again)


def unauthenticated(request: HttpRequest) -> HttpRequest:
    """The same request as it came in: without the account that was found for it, and with its session read again."""
    fresh = copy.copy(request)
    fresh.__dict__.pop("_cached_user", None)
    session: Any = getattr(request, "session", None)
    if session is not None:
        fresh.session = type(session)(session.session_key)
        fresh.user = get_user(fresh)
    else:
        fresh.__dict__.pop("user", None)
    return fresh
