"""`/api/audit`, for admins."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.mixins import ListModelMixin
from rest_framework.viewsets import GenericViewSet

from navidrome_lib.audit.filters import AuditFilter, SignInFilter
from navidrome_lib.audit.models import AuditEntry, SignIn
from navidrome_lib.audit.serializers import AuditEntrySerializer, SignInSerializer


@extend_schema_view(list=extend_schema(description="List the audit trail: who changed what, newest first."))
class AuditViewSet(ListModelMixin, GenericViewSet[AuditEntry]):
    """`GET /api/audit`."""

    queryset = AuditEntry.objects.all()
    serializer_class = AuditEntrySerializer
    filterset_class = AuditFilter
    default_sort = ("-at", "-pk")
    sort_fields = {
        "id": "pk",
        "at": "at",
        "userName": "actor",
        "action": "action",
        "objectType": "object_type",
        "objectName": "object_name",
        "address": "address",
    }


@extend_schema_view(
    list=extend_schema(description="List sign-ins, sign-outs, failed attempts and shown app passwords, newest first.")
)
class SignInViewSet(ListModelMixin, GenericViewSet[SignIn]):
    """`GET /api/audit/signin`."""

    queryset = SignIn.objects.all()
    serializer_class = SignInSerializer
    filterset_class = SignInFilter
    default_sort = ("-at", "-pk")
    sort_fields = {"id": "pk", "at": "at", "userName": "username", "outcome": "outcome", "address": "address"}
