"""Health, insights, configuration and inspection."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from libraries.models import MediaFile
from navidrome_lib.api.openapi import refused
from navidrome_lib.api.permissions import IsSignedIn
from navidrome_lib.api.throttling import Throttle
from navidrome_lib.config.conf import Conf
from navidrome_lib.config.option import masked
from navidrome_lib.errors import InvalidInput, NotFound, TooManyAttempts
from navidrome_lib.viewer import is_admin, viewer_of
from system import health, insights
from system.inspection import inspect_file
from system.serializers import (
    ConfigSerializer,
    HealthSerializer,
    InsightsSerializer,
    InspectSerializer,
    KeepaliveSerializer,
)
from users.authentication import OptionalTokenAuthentication, SameOriginSessionAuthentication

# what a client may ask for that means all options
WHOLE = ("", "*", "config")

# OpenAPI's way to say that no sign-in is needed
ANYBODY: Any = [{}]


def camel(name: str) -> str:
    """`music_folder` → `musicFolder`."""
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def camel_keys(value: Any) -> Any:
    """The same with all keys in the spelling of the wire; the tags inside keep their own names."""
    if isinstance(value, Mapping):
        return {camel(str(key)): item if key == "tags" else camel_keys(item) for key, item in value.items()}
    return [camel_keys(item) for item in value] if isinstance(value, (list, tuple)) else value


@lru_cache(maxsize=2)
def shown_options(conf: Conf) -> Any:
    """All options in the spelling of the wire, secrets masked; they stay as they are while the process lives."""
    return camel_keys(masked(conf))


class KeepaliveView(APIView):
    """`GET /api/keepalive/`."""

    authentication_classes = (OptionalTokenAuthentication,)
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="keepalive", auth=ANYBODY, responses=KeepaliveSerializer)
    def get(self, request: Request, rest: str = "") -> Response:
        """Say that the server is there, and renew the token that came along."""
        return Response({"response": "ok", "id": "keepalive"})


class InsightsView(APIView):
    """`GET /api/insights/`."""

    permission_classes = (IsSignedIn,)

    @extend_schema(operation_id="insights", responses=InsightsSerializer)
    def get(self, request: Request) -> Response:
        """Get the time of the last statistics; for admins, also those of now. Nothing is ever sent anywhere."""
        run = insights.last_run()
        answer: dict[str, Any] = {
            "id": "insights_status",
            "lastRun": f"{run.started_at:%Y-%m-%d %H:%M:%S}" if run else "disabled",
            "success": bool(run and run.success),
        }
        if run and is_admin(request):
            answer["statistics"] = insights.statistics()
        return Response(answer)


class FlaggedView(APIView):
    """A view that is 404 unless an option opens it."""

    def is_open(self) -> bool:
        raise NotImplementedError

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if not self.is_open():
            raise NotFound
        super().initial(request, *args, **kwargs)


class ConfigView(FlaggedView):
    """`GET /api/config/*`."""

    def is_open(self) -> bool:
        return bool(settings.CONF.dev_ui_show_config)

    @extend_schema(
        operation_id="config",
        responses={200: ConfigSerializer, **refused(404)},
    )
    def get(self, request: Request, part: str = "") -> Response:
        """All options, or a part of them as in `/api/config/scanner`; only with `ND_DEVUISHOWCONFIG=true`."""
        found = shown_options(settings.CONF)
        for name in () if part.strip("/") in WHOLE else part.strip("/").split("/"):
            if not isinstance(found, dict) or name not in found:
                raise NotFound
            found = found[name]
        return Response({"id": "config", "configFile": "", "config": found})


class InspectView(FlaggedView):
    """`GET /api/inspect?id=`."""

    def is_open(self) -> bool:
        return bool(settings.CONF.inspect.enabled)

    @extend_schema(
        operation_id="inspect",
        parameters=[OpenApiParameter("id", {"type": "string", "minLength": 1}, required=True, description="A track.")],
        responses={200: InspectSerializer, **refused(404, 409, 429)},
    )
    def get(self, request: Request) -> Response:
        """The tags of one file, read from the disk now; only with `ND_INSPECT_ENABLED=true`."""
        wait = Throttle("inspect", limit=settings.CONF.inspect.max_requests).wait()
        if wait:
            raise TooManyAttempts("Too many files are being inspected. Try again later.", retry_after=wait)
        file = self.file(request)
        found = inspect_file(file, settings.CONF.scanner)
        return Response(
            {
                "file": file.path,
                "rawTags": found.raw,
                "mappedTags": camel_keys(found.mapped),
                "textEncoding": found.text_encoding,
            }
        )

    def file(self, request: Request) -> MediaFile:
        pk = request.query_params.get("id", "")
        if not pk:
            raise InvalidInput(errors={"id": "Name a track."})
        files = MediaFile.objects.visible_to(viewer_of(request)).select_related("library", "folder")
        found: MediaFile | None = (
            files.filter(pk=pk).first() if re.fullmatch(r"[0-9A-Za-z]{22}", pk, re.ASCII) else None
        )
        if found is None:
            raise NotFound
        return found


class HealthView(APIView):
    """`GET /api/health`."""

    authentication_classes = (OptionalTokenAuthentication, SameOriginSessionAuthentication)
    permission_classes = (AllowAny,)

    def perform_authentication(self, request: Request) -> None:
        """Not before the database is known to answer: who asks is looked up there."""

    @extend_schema(operation_id="health", auth=ANYBODY, responses={200: HealthSerializer, 503: HealthSerializer})
    def get(self, request: Request) -> Response:
        """Whether the server can answer: 503 with the reason without a database. Details are for admins."""
        checks = health.check_all()
        status = health.verdict(checks)
        answer: dict[str, Any] = {"status": status}
        if status == "fail":
            answer["error"] = checks["database"].detail
        if status != "fail" and is_admin(request):
            answer["checks"] = checks
        return Response(HealthSerializer(answer).data, status=503 if status == "fail" else 200)


class LivenessView(APIView):
    """`GET /api/health/live`."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="health_live", responses=HealthSerializer)
    def get(self, request: Request) -> Response:
        """This process answers; nothing else is asked."""
        return Response({"status": "ok"})
