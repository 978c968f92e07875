"""`GET /api/schema/`: the OpenAPI document, as YAML or JSON, made once in each process."""

from __future__ import annotations

import threading
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import get_script_prefix
from django.utils.cache import get_conditional_response, patch_vary_headers
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

YAML, JSON = "application/vnd.oai.openapi", "application/vnd.oai.openapi+json"
JSON_TYPES = ("application/json", JSON)

# the generator changes classes of its own package while it looks for the first time: two at once break each other
_ONE_AT_A_TIME: Final = threading.Lock()


class Document(NamedTuple):
    """The document as it is sent, and the mark by which a client asks for what is new."""

    text: bytes
    etag: str


class SchemaView(APIView):
    """`GET /api/schema/`."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponseBase:
        """The document in the format that is asked for by `?format=json`, `?format=yaml` or `Accept`; else as YAML."""
        kind = JSON if wants_json(request._request) else YAML
        with _ONE_AT_A_TIME:
            document = make_document(kind, prefix=get_script_prefix(), numeric_ids=settings.CONF.numeric_library_ids)
        answer = HttpResponse(document.text, content_type="application/json" if kind == JSON else kind)
        answer["ETag"] = document.etag
        answer["Cache-Control"] = "no-cache"
        patch_vary_headers(answer, ("Accept",))
        return get_conditional_response(request._request, etag=document.etag, response=answer) or answer


def wants_json(request: HttpRequest) -> bool:
    """True for a client that names JSON, in the address before the header."""
    name = request.GET.get("format", "")
    if name in ("json", "yaml"):
        return name == "json"
    return request.get_preferred_type([YAML, "application/yaml", *JSON_TYPES]) in JSON_TYPES


# two formats, and what a running server never changes
@lru_cache(maxsize=8)
def make_document(kind: str, *, prefix: str, numeric_ids: bool) -> Document:
    """Describe the API below `prefix`; with numbers or with texts as ids of libraries."""
    document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    if prefix != "/":
        document["servers"] = [{"url": prefix.rstrip("/")}]
    renderer = OpenApiJsonRenderer() if kind == JSON else OpenApiYamlRenderer()
    text: bytes = renderer.render(document, renderer_context={})
    return Document(text, f'"{blake2b(text, digest_size=16).hexdigest()}"')
