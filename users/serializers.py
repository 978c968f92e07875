"""The wire form of accounts; every key is declared by name, so that a search finds its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.validators import EmailValidator
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from libraries.serializers import NumericIdLibrarySerializer
from navidrome_lib.api.fields import Flag, LibraryId, LibraryIdInput, Name, StringId, Text, Timestamp
from navidrome_lib.api.output import OutputSerializer
from navidrome_lib.api.wire import parse_library_id
from navidrome_lib.viewer import Viewer
from users.grants import Grant, libraries_of
from users.models import SCOPES, ApiKey, Scope, User

# keys by which a regular account could give itself more rights
ADMIN_KEYS = {"userName": "username", "isAdmin": "is_superuser", "mayScan": "may_scan", "isActive": "is_active"}


class GrantedLibrarySerializer(NumericIdLibrarySerializer):
    """A library inside a user: complete, with a number as id, and by which ways it came."""

    grantedBy = serializers.ListField(child=serializers.CharField())


class UserSerializer(OutputSerializer[User]):
    """An account. `libraries` in the context maps account ids to their grants, see `users.grants.libraries_of`."""

    id = StringId(source="pk")
    userName = serializers.CharField(source="username")
    name = serializers.CharField()
    email = serializers.CharField()
    isAdmin = serializers.BooleanField(source="is_superuser")
    isActive = serializers.BooleanField(source="is_active")
    mayScan = serializers.BooleanField(source="may_scan")
    lastLoginAt = Timestamp(source="last_login", allow_null=True)
    lastAccessAt = Timestamp(source="last_access_at", allow_null=True)
    createdAt = Timestamp(source="created_at")
    updatedAt = Timestamp(source="updated_at")
    libraries = serializers.SerializerMethodField()

    def get_libraries(self, user: User) -> list[dict[str, Any]]:
        grants: list[Grant] = self.context["libraries"][user.pk]
        return [{**self.library(grant), "grantedBy": grant.ways} for grant in grants]

    def library(self, grant: Grant) -> dict[str, Any]:
        """The library itself, written once for all the accounts of a list."""
        written: dict[int, dict[str, Any]] = self.context["written"]
        if grant.library.pk not in written:
            written[grant.library.pk] = dict(NumericIdLibrarySerializer(grant.library).data)
        return written[grant.library.pk]


def write_users(users: Sequence[User], viewer: Viewer) -> list[dict[str, Any]]:
    """The wire form of accounts, all with their libraries; as many queries for one as for a thousand."""
    context = {"libraries": libraries_of(users, viewer), "written": {}}
    return [dict(UserSerializer(user, context=context).data) for user in users]


class UserSchema(UserSerializer):
    """How the OpenAPI document describes an account."""

    libraries = GrantedLibrarySerializer(many=True)  # type: ignore[assignment]

    class Meta:
        ref_name = "User"


class UserInputSerializer(serializers.Serializer[User]):
    """The body of POST, PUT and PATCH. Unknown keys are ignored."""

    userName = Name(source="username", max_length=150)
    name = Name(max_length=255, allow_blank=True, required=False)
    email = Text(max_length=254, allow_blank=True, required=False, validators=[EmailValidator()])
    password = Text(max_length=1024, trim_whitespace=False)
    currentPassword = Text(source="current_password", max_length=1024, trim_whitespace=False, required=False)
    isAdmin = Flag(source="is_superuser", required=False)
    mayScan = Flag(source="may_scan", required=False)
    isActive = Flag(source="is_active", required=False)
    endKeys = Flag(
        source="end_keys",
        required=False,
        help_text="End the API keys with the password, or with the rights of an admin, that is taken. "
        "By default that is so for an account that is not one's own.",
    )

    default_error_messages = {"invalid": "The body must be a JSON object."}


class OwnUserInputSerializer(UserInputSerializer):
    """The body when a regular person changes their own account: the keys of an admin are not even read."""

    userName = isAdmin = mayScan = isActive = None  # type: ignore[assignment]


class SignOutInputSerializer(serializers.Serializer[User]):
    """The body of `POST /api/user/{id}/signout`; it may be left out."""

    endKeys = Flag(
        source="end_keys",
        required=False,
        help_text="End the API keys, too. By default that is so for an account that is not one's own.",
    )

    default_error_messages = {"invalid": "The body must be a JSON object."}


class SignedOutSerializer(OutputSerializer[Any]):
    """The answer to a sign-out everywhere."""

    id = serializers.CharField()
    endedKeys = serializers.IntegerField(source="ended_keys")


def asks_for_rights(data: Any, user: User) -> bool:
    """True when the body would change something that only an admin may change. To repeat what is so is harmless."""
    if not isinstance(data, Mapping):
        return False
    return any(key in data and data[key] != getattr(user, field) for key, field in ADMIN_KEYS.items())


class UserLibrarySerializer(OutputSerializer[Any]):
    """A library and whether one account can access it."""

    id = LibraryId(source="pk")
    name = serializers.CharField()
    path = serializers.CharField()
    hasAccess = serializers.BooleanField(source="has_access")


class LibraryIdsSerializer(serializers.Serializer[Any]):
    """The body of `PUT /api/user/{id}/library`. The ids themselves are checked by the service, all at once."""

    libraryIds = serializers.ListField(source="library_ids", child=LibraryIdInput(allow_null=True))

    default_error_messages = {"invalid": "The body must be a JSON object."}


class CredentialsSerializer(serializers.Serializer[User]):
    """The body of `/auth/login` and `/auth/createAdmin`."""

    username = Text(max_length=1024)
    password = Text(max_length=1024, trim_whitespace=False)

    default_error_messages = {"invalid": "The body must be a JSON object."}


class NewAdminSerializer(CredentialsSerializer):
    """Credentials that become an account."""

    username = Name(max_length=150)


class ApiKeySerializer(OutputSerializer[ApiKey]):
    """An API key; the key itself is only shown when it is made."""

    id = StringId(source="pk")
    name = serializers.CharField()
    hint = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    libraryIds = serializers.SerializerMethodField()
    userId = serializers.CharField(source="user_id")
    userName = serializers.CharField(source="user.username")
    createdAt = Timestamp(source="created_at")
    expiresAt = Timestamp(source="expires_at", allow_null=True)
    lastUsedAt = Timestamp(source="last_used_at", allow_null=True)

    @extend_schema_field(serializers.ListField(child=LibraryId(), allow_null=True))
    def get_libraryIds(self, key: ApiKey) -> list[str | int] | None:
        """Null when the key may use every library of its owner."""
        if not key.restricted:
            return None
        wire = LibraryId(source="pk")
        return [wire.to_representation(library.pk) for library in key.libraries.all() if library.deleted_at is None]


class NewApiKeySerializer(ApiKeySerializer):
    """A key that was just made, with the key itself."""

    key = serializers.CharField()


class ApiKeyInputSerializer(serializers.Serializer[ApiKey]):
    """The body of `POST /api/apikey`."""

    name = Name(max_length=255)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=SCOPES), required=False, allow_empty=False, min_length=1
    )
    libraryIds = serializers.ListField(
        source="library_ids", child=LibraryIdInput(allow_null=True), required=False, allow_null=True
    )
    expiresAt = serializers.DateTimeField(source="expires_at", required=False, allow_null=True)

    default_error_messages = {"invalid": "The body must be a JSON object."}

    def validate_libraryIds(self, value: list[object] | None) -> list[int] | None:
        return None if value is None else library_numbers(value)

    def validate_expiresAt(self, value: datetime | None) -> datetime | None:
        if value is not None and value <= timezone.now():
            raise serializers.ValidationError("Must be in the future.")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A key has the widest of the scopes that were asked for, which includes the others."""
        asked = attrs.pop("scopes", [Scope.READ])
        return {**attrs, "scope": max(asked, key=SCOPES.index)}


def library_numbers(values: list[object]) -> list[int]:
    """The ids as numbers; those that cannot be one are named."""
    numbers = {str(value): parse_library_id(value) for value in values}
    wrong = [text[:40] for text, number in numbers.items() if number is None]
    if wrong:
        raise serializers.ValidationError(f"There is no library with the id {', '.join(wrong[:20])}.")
    return [number for number in numbers.values() if number is not None]


class AppPasswordSerializer(OutputSerializer[Any]):
    """What to type into a Subsonic client."""

    username = serializers.CharField()
    password = serializers.CharField()


class SignedInSerializer(OutputSerializer[Any]):
    """The answer to who signed in."""

    id = StringId(source="pk")
    name = serializers.CharField()
    username = serializers.CharField()
    isAdmin = serializers.BooleanField(source="is_superuser")
    token = serializers.CharField()
    subsonicSalt = serializers.CharField()
    subsonicToken = serializers.CharField()
