"""Query parameters of the audit trail."""

from __future__ import annotations

import django_filters

from navidrome_lib.api.filters import InstantFilter
from navidrome_lib.audit.models import AuditEntry, SignIn, SignInOutcome


class AuditFilter(django_filters.FilterSet):
    """Filters by actor, action, object, channel, address and time."""

    userId = django_filters.CharFilter(field_name="actor_id")  # noqa: N815 - a wire key
    userName = django_filters.CharFilter(field_name="actor", lookup_expr="iexact")  # noqa: N815
    action = django_filters.CharFilter(lookup_expr="startswith")
    channel = django_filters.CharFilter()
    address = django_filters.CharFilter()
    objectType = django_filters.CharFilter(field_name="object_type")  # noqa: N815
    objectId = django_filters.CharFilter(field_name="object_id")  # noqa: N815
    since = InstantFilter(field_name="at", lookup_expr="gte")
    until = InstantFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = AuditEntry
        fields: list[str] = []


class SignInFilter(django_filters.FilterSet):
    """Filters by outcome, account, channel, address and time."""

    outcome = django_filters.MultipleChoiceFilter(choices=SignInOutcome.choices)
    userId = django_filters.CharFilter(field_name="user_id")  # noqa: N815 - a wire key
    userName = django_filters.CharFilter(field_name="username", lookup_expr="iexact")  # noqa: N815
    channel = django_filters.CharFilter()
    address = django_filters.CharFilter()
    since = InstantFilter(field_name="at", lookup_expr="gte")
    until = InstantFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = SignIn
        fields: list[str] = []
