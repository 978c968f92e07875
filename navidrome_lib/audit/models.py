"""One row for each change. It refers to nothing, so that it outlives whoever did it and what it was done to."""

from __future__ import annotations

from django.db import models


class AuditEntry(models.Model):
    """Who (account, key, address) did what to which object, and when. Written once, never changed."""

    at = models.DateTimeField(auto_now_add=True)
    actor_id = models.CharField(max_length=64, blank=True)
    actor = models.CharField(max_length=255, blank=True, help_text="The name at that time.")
    key = models.CharField(max_length=255, blank=True, help_text="The API key that was used.")
    address = models.CharField(max_length=64, blank=True)
    door = models.CharField(max_length=16, help_text="api, rest, admin, command or task")
    action = models.CharField(max_length=64)
    object_type = models.CharField(max_length=64)
    object_id = models.CharField(max_length=64, blank=True)
    object_name = models.CharField(max_length=255, blank=True)
    changes = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["at", "id"], name="audit_at_idx"),
            models.Index(fields=["action", "id"], name="audit_action_idx"),
            models.Index(fields=["door", "id"], name="audit_door_idx"),
            models.Index(fields=["object_type", "object_id", "id"], name="audit_object_idx"),
            models.Index(fields=["actor_id", "id"], name="audit_actor_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.actor or self.door}: {self.action} {self.object_name or self.object_id}"
