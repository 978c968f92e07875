"""`/api/audit`, for admins."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.mixins import ListModelMixin
from rest_framework.viewsets import GenericViewSet

from navidrome_lib.audit.filters import AuditFilter
from navidrome_lib.audit.models import AuditEntry
from navidrome_lib.audit.serializers import AuditEntrySerializer


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
