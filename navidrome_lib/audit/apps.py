"""The audit trail."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "navidrome_lib.audit"
    label = "audit"
    verbose_name = "Audit"
