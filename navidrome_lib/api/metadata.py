"""What OPTIONS answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.metadata import BaseMetadata
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView


class Verbs(BaseMetadata):
    """The verbs of an address; its shapes are in the OpenAPI document, and no serializer is needed to say so."""

    def determine_metadata(self, request: Request, view: APIView) -> dict[str, Any]:
        return {"methods": sorted(view.allowed_methods)}
