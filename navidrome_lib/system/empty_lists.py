"""Lists of what this server has none of. Navidrome's web client asks for them at each start."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from navidrome_lib.api.permissions import IsSignedIn
from navidrome_lib.system.views import ANYBODY

# for who is signed in; a client that meets a 404 here shows an error on every page
EMPTY_LISTS = ("playlist", "transcoding", "player", "share", "radio")
ANYTHING = {"type": "array", "items": {"type": "object"}, "maxItems": 0}


class EmptyListView(APIView):
    """`GET /api/playlist` and the like."""

    permission_classes = (IsSignedIn,)

    @extend_schema(responses={200: ANYTHING})
    def get(self, request: Request) -> Response:
        """List nothing: this server has none of these."""
        return nothing()


class PublicEmptyListView(APIView):
    """`GET /api/translation`, which clients ask for before anybody has signed in."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(responses={200: ANYTHING}, auth=ANYBODY)
    def get(self, request: Request) -> Response:
        """List nothing: this server has no translations for clients."""
        return nothing()


def nothing() -> Response:
    """An empty list."""
    return Response([], headers={"X-Total-Count": "0"})
