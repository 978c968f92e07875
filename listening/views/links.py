"""`/api/listenbrainz/link` and `/api/lastfm/link`: where a person's plays are sent on to."""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from listening.forwarding.linking import IN_A_HEADER, begin, find_link, link, unlink
from listening.models import Service
from listening.serializers import NO_OBJECT
from listening.services.forwarding import enabled_services
from listening.views.base import checked, deleted
from navidrome_lib.api.fields import LibraryIdInput, Text
from navidrome_lib.api.openapi import refused
from navidrome_lib.api.permissions import IsSignedIn
from navidrome_lib.api.wire import parse_library_id
from navidrome_lib.viewer import viewer_of


class LinkSerializer(serializers.Serializer[Any]):
    """An account at another service, without its token."""

    status = serializers.BooleanField(help_text="Whether plays are sent on.")
    enabled = serializers.BooleanField(help_text="Whether this server sends plays to the service at all.")
    name = serializers.CharField(help_text="How the person is called there.")
    waiting = serializers.IntegerField(help_text="Plays that were not sent yet.")
    refused = serializers.IntegerField(
        help_text="Plays that the service does not take; they are tried again with a new token."
    )
    stopped = serializers.BooleanField(help_text="Whether the service wants another token.")
    lastError = serializers.CharField(help_text="Why the last try failed; empty after a success.")
    leftOutLibraryIds = serializers.ListField(
        child=serializers.IntegerField(), help_text="Libraries whose plays are not sent."
    )


class LinkInputSerializer(serializers.Serializer[Any]):
    """The body of `PUT`."""

    token = Text(required=False, max_length=255, help_text="Of ListenBrainz, or one of Last.fm that was allowed.")
    leftOutLibraryIds = serializers.ListField(child=LibraryIdInput(), required=False)

    default_error_messages = NO_OBJECT

    def validate_token(self, value: str) -> str:
        if re.match(IN_A_HEADER, value) is None:
            raise serializers.ValidationError("A token has letters, digits and signs of ASCII only.")
        return value

    def validate_leftOutLibraryIds(self, value: list[object]) -> list[int]:
        numbers = [parse_library_id(each) for each in value]
        if None in numbers:
            raise serializers.ValidationError("Must be ids of libraries.")
        return [number for number in numbers if number is not None]


class BegunLinkSerializer(serializers.Serializer[Any]):
    """What a person needs to allow this server to send plays."""

    token = serializers.CharField(help_text="For `PUT`, once it was allowed.")
    url = serializers.CharField(help_text="The page on which to allow it.")


class LinkView(APIView):
    """One's own account at one service. Needs the login password, or a key that may manage."""

    permission_classes = (IsSignedIn,)
    service: Service = Service.LISTENBRAINZ

    @extend_schema(responses=LinkSerializer)
    def get(self, request: Request) -> Response:
        """Tell whether plays are sent on, and what waits. The token itself is never told."""
        found = find_link(viewer_of(request), self.service)
        account = found.account
        answer = {
            "status": account is not None,
            "enabled": self.service in enabled_services(),
            "name": account.name if account else "",
            "waiting": found.waiting,
            "refused": found.refused,
            "stopped": account is not None and account.stopped_at is not None,
            "lastError": account.last_error if account else "",
            "leftOutLibraryIds": found.left_out,
        }
        return Response(LinkSerializer(answer).data)

    @extend_schema(request=LinkInputSerializer, responses={200: LinkSerializer, **refused(503)})
    def put(self, request: Request) -> Response:
        """Have plays sent on with a token; without one, change which libraries are left out."""
        body = checked(LinkInputSerializer, request)
        link(viewer_of(request), self.service, token=body.get("token", ""), left_out=body.get("leftOutLibraryIds"))
        return self.get(request)

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def delete(self, request: Request) -> Response:
        """Send no more plays, and forget the token and what waits."""
        unlink(viewer_of(request), self.service)
        return deleted()


class LastFmLinkView(LinkView):
    """The same, with a page on which the person allows it."""

    service = Service.LASTFM

    @extend_schema(request=None, responses={200: BegunLinkSerializer, **refused(503)})
    def post(self, request: Request) -> Response:
        """Get a token, and the address of the page on which to allow it."""
        token, url = begin(self.service)
        return Response({"token": token, "url": url})
