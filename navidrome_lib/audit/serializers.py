"""The wire form of the audit trail."""

from __future__ import annotations

from rest_framework import serializers

from navidrome_lib.api.fields import StringId, Timestamp
from navidrome_lib.api.output import OutputSerializer
from navidrome_lib.audit.models import AuditEntry, SignIn, SignInOutcome


class AuditEntrySerializer(OutputSerializer[AuditEntry]):
    """One change."""

    id = StringId(source="pk")
    at = Timestamp()
    userId = serializers.CharField(source="actor_id")
    userName = serializers.CharField(source="actor")
    apiKey = serializers.CharField(source="key")
    address = serializers.CharField()
    channel = serializers.CharField()
    action = serializers.CharField()
    objectType = serializers.CharField(source="object_type")
    objectId = serializers.CharField(source="object_id")
    objectName = serializers.CharField(source="object_name")
    changes = serializers.DictField()


class SignInSerializer(OutputSerializer[SignIn]):
    """One sign-in, sign-out, failed attempt, or look at an app password."""

    id = StringId(source="pk")
    at = Timestamp()
    outcome = serializers.ChoiceField(choices=SignInOutcome.choices)
    userId = serializers.CharField(source="user_id")
    userName = serializers.CharField(source="username")
    credential = serializers.CharField()
    address = serializers.CharField()
    channel = serializers.CharField()
