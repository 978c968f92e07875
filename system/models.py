"""What the server notes about itself."""

from __future__ import annotations

from django.db import models


class InsightsRun(models.Model):
    """One run that collected statistics of the catalog. They stay on this server: nothing is ever sent anywhere."""

    started_at = models.DateTimeField()
    success = models.BooleanField(default=True)
    statistics = models.JSONField(default=dict)
    error = models.TextField(default="", blank=True)

    class Meta:
        indexes = [models.Index(fields=["started_at"], name="insights_run_started_idx")]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M:%S}"
