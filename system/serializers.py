"""The wire form of health, insights, configuration and inspection."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class KeepaliveSerializer(serializers.Serializer[Any]):
    """The answer to `GET /api/keepalive/`."""

    response = serializers.CharField()
    id = serializers.CharField()


class StatisticsSerializer(serializers.Serializer[Any]):
    """Statistics of the whole catalog as they are now; sizes in bytes, durations in seconds."""

    libraries = serializers.IntegerField()
    songs = serializers.IntegerField()
    albums = serializers.IntegerField()
    artists = serializers.IntegerField()
    size = serializers.IntegerField()
    duration = serializers.FloatField()
    missing = serializers.IntegerField()
    bySuffix = serializers.DictField(child=serializers.IntegerField())


class InsightsSerializer(serializers.Serializer[Any]):
    """The answer to `GET /api/insights/`."""

    id = serializers.CharField()
    lastRun = serializers.CharField(help_text="`YYYY-MM-DD HH:MM:SS` in UTC, or `disabled`.")
    success = serializers.BooleanField()
    statistics = StatisticsSerializer(required=False, help_text="For admins.")


class ConfigSerializer(serializers.Serializer[Any]):
    """The answer to `GET /api/config/*`."""

    id = serializers.CharField()
    configFile = serializers.CharField(help_text="Empty: options come from the environment.")
    config = serializers.JSONField(help_text="All options, or the part that was asked for; secrets are masked.")


class InspectSerializer(serializers.Serializer[Any]):
    """The answer to `GET /api/inspect`."""

    file = serializers.CharField(help_text="Relative to the root of the library.")
    rawTags = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    mappedTags = serializers.DictField()
    textEncoding = serializers.CharField(
        help_text="The encoding in which text is read that does not tell its own; empty: there is no such text."
    )


class CheckSerializer(serializers.Serializer[Any]):
    """One part of the server."""

    ok = serializers.BooleanField()
    detail = serializers.CharField()
    milliseconds = serializers.FloatField()


class HealthSerializer(serializers.Serializer[Any]):
    """The answer to `GET /api/health`."""

    status = serializers.ChoiceField(choices=["ok", "degraded", "fail"])
    error = serializers.CharField(required=False, help_text="Why the health is unknown; only with `fail`.")
    checks = serializers.DictField(child=CheckSerializer(), required=False, help_text="For admins.")
