"""One row for each change. It refers to nothing, so that it outlives whoever did it and what it was done to."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """Who (account, key, address) did what to which object, and when. Written once, never changed."""

    at = models.DateTimeField(_("time"), auto_now_add=True)
    actor_id = models.CharField(max_length=64, blank=True)
    actor = models.CharField(_("who"), max_length=255, blank=True, help_text=_("The name at that time."))
    key = models.CharField(_("API key"), max_length=255, blank=True, help_text=_("The API key that was used."))
    address = models.CharField(_("address"), max_length=64, blank=True)
    door = models.CharField(_("door"), max_length=16, help_text=_("api, rest, admin, command or task"))
    action = models.CharField(_("action"), max_length=64)
    object_type = models.CharField(_("kind of object"), max_length=64)
    object_id = models.CharField(max_length=64, blank=True)
    object_name = models.CharField(_("object"), max_length=255, blank=True)
    changes = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            models.Index(fields=["at", "id"], name="audit_at_idx"),
            models.Index(fields=["action", "id"], name="audit_action_idx"),
            models.Index(fields=["door", "id"], name="audit_door_idx"),
            models.Index(fields=["object_type", "object_id", "id"], name="audit_object_idx"),
            models.Index(fields=["actor_id", "id"], name="audit_actor_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.actor or self.door}: {self.action} {self.object_name or self.object_id}"
