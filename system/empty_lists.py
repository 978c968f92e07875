"""A list of what this server has none of. Navidrome's web client asks for it at each start."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from system.views import ANYBODY

ANYTHING = {"type": "array", "items": {"type": "object"}, "maxItems": 0}


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
