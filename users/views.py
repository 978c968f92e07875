"""`/auth/…` and `/api/user…`: signing in, accounts, and which libraries each can access."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import exceptions, status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from libraries.models import Library
from navidrome_lib.api.openapi import DeletedSerializer, refused
from navidrome_lib.api.parsers import CredentialsParser
from navidrome_lib.api.permissions import IsAdmin, IsSignedIn
from navidrome_lib.api.wire import location
from navidrome_lib.audit.models import SignInOutcome
from navidrome_lib.audit.sign_ins import APP_PASSWORD, PASSWORD, note_sign_in
from navidrome_lib.db.ids import can_be_id
from navidrome_lib.errors import InvalidInput, NotAllowed, NotFound
from navidrome_lib.viewer import viewer_of
from users import api_keys, app_passwords, first_admin, services, throttling, tokens
from users.authentication import RENEW_FOR, SameOriginSessionAuthentication
from users.filters import ApiKeyFilter, UserFilter
from users.models import ApiKey, User
from users.permissions import IsSelf, IsSelfOrAdmin, signed_in_user
from users.serializers import (
    ApiKeyInputSerializer,
    ApiKeySerializer,
    AppPasswordSerializer,
    CredentialsSerializer,
    LibraryIdsSerializer,
    NewAdminSerializer,
    NewApiKeySerializer,
    OwnUserInputSerializer,
    SignedInSerializer,
    SignedOutSerializer,
    SignOutInputSerializer,
    UserInputSerializer,
    UserLibrarySerializer,
    UserSchema,
    asks_for_rights,
    write_users,
)

WRONG = "The user name or the password is wrong."
USER_ID = OpenApiParameter("id", OpenApiTypes.STR, OpenApiParameter.PATH)
ALL = OpenApiParameter(
    "all",
    {"anyOf": [{"type": "boolean"}, {"type": "string"}]},
    description="`true`: every library, with `hasAccess` true or false.",
)
SETUP_CODE = OpenApiParameter(
    "X-Setup-Code", OpenApiTypes.STR, OpenApiParameter.HEADER, description="Not needed on the server's own machine."
)


def bodies_of(serializer: type[Serializer[Any]]) -> dict[str, type[Serializer[Any]]]:
    """Return how the OpenAPI document describes a body that may be JSON or a form."""
    return dict.fromkeys(("application/json", "application/x-www-form-urlencoded"), serializer)


class Unprocessable(exceptions.APIException):
    """422: the body is not what signing in needs."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = "The body must be JSON, or a form, with the texts “username” and “password”."


class PublicView(APIView):
    """What can be called before signing in; bodies are JSON whatever their `Content-Type` says, or a form."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (CredentialsParser,)

    def credentials(self, request: Request, serializer: type[Serializer[Any]]) -> tuple[str, str]:
        """User name and password of the body, or a 422."""
        try:
            body = serializer(data=request.data)
        except exceptions.ParseError as error:
            raise Unprocessable from error
        if not body.is_valid():
            raise Unprocessable
        return body.validated_data["username"], body.validated_data["password"]

    def signed_in(self, authenticated: tokens.AuthenticatedUser) -> Response:
        """The answer to who has just signed in."""
        user, credential = authenticated.user, APP_PASSWORD if authenticated.is_app else PASSWORD
        salt, proof = app_passwords.subsonic_token(user)
        note_sign_in(SignInOutcome.SIGNED_IN, username=user.username, user_id=user.pk, credential=credential)
        answer = {
            "pk": user.pk,
            "name": user.name,
            "username": user.username,
            "is_superuser": user.is_superuser,
            "token": tokens.renew(authenticated),
            "subsonicSalt": salt,
            "subsonicToken": proof,
        }
        return Response(SignedInSerializer(answer).data, headers={"Cache-Control": "no-store"})


class LoginView(PublicView):
    """`POST /auth/login`."""

    @extend_schema(
        request=bodies_of(CredentialsSerializer), responses={200: SignedInSerializer, **refused(401, 422, 429, 503)}
    )
    def post(self, request: Request) -> Response:
        """Sign in with user name and password. The app password gives an app's rights: to look, and to start scans."""
        username, password = self.credentials(request, CredentialsSerializer)
        address = throttling.client_address(request._request)
        authenticated = throttling.login.judge(address, username, lambda: services.sign_in(username, password))
        if authenticated is None:
            raise exceptions.AuthenticationFailed(WRONG)
        try:
            return self.signed_in(authenticated)
        except NotFound as error:  # the password was changed at this moment
            raise exceptions.AuthenticationFailed(WRONG) from error


class CreateAdminView(PublicView):
    """`POST /auth/createAdmin`."""

    @extend_schema(
        request=bodies_of(NewAdminSerializer),
        responses={200: SignedInSerializer, **refused(403, 422, 429, 503)},
        parameters=[SETUP_CODE],
    )
    def post(self, request: Request) -> Response:
        """Create the first account, an admin, and sign in. Refused once any account exists.

        From another machine `X-Setup-Code` must carry the code that the server's console shows.
        """
        first_admin.check_asker(request._request)
        first_admin.check_code(request._request, request.headers.get("X-Setup-Code", ""))
        username, password = self.credentials(request, NewAdminSerializer)
        throttling.login.enter(throttling.client_address(request._request), username)
        try:
            user = services.create_first_admin(username=username, password=password)
        except InvalidInput as error:
            raise Unprocessable(error.message) from error
        return self.signed_in(tokens.AuthenticatedUser(user, int(time.time())))


@extend_schema_view(
    list=extend_schema(description="List all accounts.", responses=UserSchema(many=True)),
    retrieve=extend_schema(description="Get one account with its libraries.", parameters=[USER_ID]),
)
class UserViewSet(GenericViewSet[User]):
    """`GET|POST /api/user`, `GET|PUT|PATCH|DELETE /api/user/{id}`."""

    serializer_class = UserSchema
    filterset_class = UserFilter
    default_sort = ("username_key",)
    sort_fields = {
        "id": "pk",
        "userName": "username_key",
        "name": "name",
        "email": "email",
        "isAdmin": "is_superuser",
        "isActive": "is_active",
        "mayScan": "may_scan",
        "lastLoginAt": "last_login",
        "lastAccessAt": "last_access_at",
        "createdAt": "created_at",
        "updatedAt": "updated_at",
    }

    def get_queryset(self) -> QuerySet[User]:
        return User.objects.visible_to(viewer_of(self.request))

    def get_permissions(self) -> list[BasePermission]:
        own = self.action in ("retrieve", "update", "partial_update", "signout", "metadata")
        return [IsSelfOrAdmin() if own else IsAdmin()]

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(write_users(page, viewer_of(request)))

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(write_users([services.get_user(pk)], viewer_of(request))[0])

    @extend_schema(request=UserInputSerializer, responses={201: UserSchema, **refused(409)})
    def create(self, request: Request) -> Response:
        """Create an account. A regular one gets the libraries that are marked for new users."""
        body = UserInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        about_changes = ("current_password", "end_keys")
        values = {key: value for key, value in body.validated_data.items() if key not in about_changes}
        user = services.create_user(**values)
        return Response(
            write_users([user], viewer_of(request))[0], status=201, headers=location(f"/api/user/{user.pk}")
        )

    @extend_schema(
        request=UserInputSerializer(partial=True),
        responses={200: UserSchema, **refused(409, 429)},
        parameters=[USER_ID],
    )
    def update(self, request: Request, pk: str) -> Response:
        """Change an account; absent keys stay. One's own password needs `currentPassword`."""
        user, viewer = services.get_user(pk), viewer_of(request)
        if not viewer.is_admin and asks_for_rights(request.data, user):
            raise NotAllowed("Only an admin may change a user name or rights.")
        shape = UserInputSerializer if viewer.is_admin else OwnUserInputSerializer
        body = shape(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        values = dict(body.validated_data)
        current, end_keys = values.pop("current_password", None), values.pop("end_keys", pk != viewer.pk)
        own_password = pk == viewer.pk and "password" in values
        if own_password:
            self.check_current_password(request, signed_in_user(request), current)
        user = services.update_user(pk, values, end_keys=end_keys)
        if own_password:
            keep_signed_in(request, user)
        return Response(write_users([user], viewer_of(request))[0])

    def check_current_password(self, request: Request, user: User, current: str | None) -> None:
        """Require the current password for a new one, throttled like a login: an open browser must not be enough."""
        if not current:
            raise InvalidInput(errors={"currentPassword": "Your current password is required to set a new one."})
        address = throttling.client_address(request._request)
        if not throttling.login.judge(address, user.username, lambda: user.check_password(current)):
            raise InvalidInput(errors={"currentPassword": "This is not your current password."})

    @extend_schema(
        request=UserInputSerializer(partial=True),
        responses={200: UserSchema, **refused(409, 429)},
        parameters=[USER_ID],
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """The same as PUT."""
        return self.update(request, pk)

    @extend_schema(request=SignOutInputSerializer, responses=SignedOutSerializer, parameters=[USER_ID])
    @action(detail=True, methods=["post"])
    def signout(self, request: Request, pk: str) -> Response:
        """Sign out everywhere: end the tokens, sessions and app password of an account, this sign-in included."""
        services.get_user(pk)
        body = SignOutInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        own = pk == viewer_of(request).pk
        ended = services.sign_out_everywhere(pk, end_keys=body.validated_data.get("end_keys", not own))
        if own:
            request._request.META.pop(RENEW_FOR, None)
        return Response(SignedOutSerializer({"id": pk, "ended_keys": ended}).data)

    @extend_schema(responses={200: DeletedSerializer, **refused(409)}, parameters=[USER_ID])
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove an account. The last admin stays."""
        services.delete_user(pk)
        return Response({"id": pk})


def keep_signed_in(request: Request, user: User) -> None:
    """Let the client go on that has changed its own password: what it had before has ended with all the rest."""
    authenticated: tokens.AuthenticatedUser | None = request._request.META.get(RENEW_FOR)
    if authenticated is not None:
        request._request.META[RENEW_FOR] = replace(authenticated, user=user)
    if isinstance(request.successful_authenticator, SameOriginSessionAuthentication):
        update_session_auth_hash(request._request, user)


class AppPasswordView(APIView):
    """`GET|POST /api/user/{id}/subsonic`, for the account's owner only."""

    permission_classes = (IsSelf,)
    refuses_keys = True

    @extend_schema(responses=AppPasswordSerializer)
    def get(self, request: Request, pk: str) -> Response:
        """Show the app password, with which Subsonic clients sign in instead of the login password."""
        user = signed_in_user(request)
        return self.answer(user, app_passwords.app_password(user))

    @extend_schema(request=None, responses=AppPasswordSerializer)
    def post(self, request: Request, pk: str) -> Response:
        """Make a new app password; clients that use the old one are signed out at once."""
        user = signed_in_user(request)
        return self.answer(user, app_passwords.renew_app_password(user))

    def answer(self, user: User, password: str) -> Response:
        note_sign_in(SignInOutcome.SHOWN, username=user.username, user_id=user.pk, credential=APP_PASSWORD)
        data = AppPasswordSerializer({"username": user.username, "password": password}).data
        return Response(data, headers={"Cache-Control": "no-store"})


@extend_schema_view(
    list=extend_schema(description="List one's own API keys; an admin sees those of all users."),
    retrieve=extend_schema(description="Get one API key.", parameters=[USER_ID]),
)
class ApiKeyViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[ApiKey]):
    """`GET|POST /api/apikey`, `GET|DELETE /api/apikey/{id}`, for every person who signed in, but not for a key."""

    permission_classes = (IsSignedIn,)
    refuses_keys = True
    serializer_class = ApiKeySerializer
    filterset_class = ApiKeyFilter
    default_sort = ("name",)
    sort_fields = {
        "id": "pk",
        "name": "name",
        "userName": "user__username_key",
        "createdAt": "created_at",
        "expiresAt": "expires_at",
        "lastUsedAt": "last_used_at",
    }

    def get_queryset(self) -> QuerySet[ApiKey]:
        keys = ApiKey.objects.visible_to(viewer_of(self.request))
        return keys.select_related("user").prefetch_related("libraries")

    def get_object(self) -> ApiKey:
        pk = self.kwargs["pk"]
        key = self.get_queryset().filter(pk=pk).first() if can_be_id(pk) else None
        if key is None:
            raise NotFound
        return key

    @extend_schema(request=ApiKeyInputSerializer, responses={201: NewApiKeySerializer})
    def create(self, request: Request) -> Response:
        """Create an API key of one's own. The answer is the only one that ever shows it."""
        body = ApiKeyInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        key, text = api_keys.create_key(signed_in_user(request), **body.validated_data)
        key.key = text  # type: ignore[attr-defined]
        headers = {**location(f"/api/apikey/{key.pk}"), "Cache-Control": "no-store"}
        return Response(NewApiKeySerializer(key).data, status=201, headers=headers)

    @extend_schema(responses={200: DeletedSerializer}, parameters=[USER_ID])
    def destroy(self, request: Request, pk: str) -> Response:
        """Revoke a key. It opens nothing from now on."""
        api_keys.revoke_key(self.get_object())
        return Response({"id": pk})


class UserLibraryView(APIView):
    """`GET|PUT /api/user/{id}/library`, for admins."""

    @extend_schema(responses=UserLibrarySerializer(many=True), parameters=[ALL])
    def get(self, request: Request, pk: str) -> Response:
        """List the libraries that an account can access, ordered by name."""
        return self.answer(request, services.get_user(pk))

    @extend_schema(request=LibraryIdsSerializer, responses=UserLibrarySerializer(many=True), parameters=[ALL])
    def put(self, request: Request, pk: str) -> Response:
        """Set which libraries an account can access."""
        services.get_user(pk)
        body = LibraryIdsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return self.answer(request, services.set_user_libraries(pk, body.validated_data["library_ids"]))

    def answer(self, request: Request, user: User) -> Response:
        everything = request.query_params.get("all", "").lower() in ("true", "1")
        accessible = set(Library.objects.visible_to(user.as_viewer()).values_list("pk", flat=True))
        rows = []
        for library in Library.objects.visible_to(viewer_of(request)).order_by("name_key", "pk"):
            if everything or library.pk in accessible:
                row = {
                    "pk": library.pk,
                    "name": library.name,
                    "path": library.path,
                    "has_access": library.pk in accessible,
                }
                rows.append(row)
        data = UserLibrarySerializer(rows, many=True).data
        return Response(data, headers={"X-Total-Count": str(len(data))})
