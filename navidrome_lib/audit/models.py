"""The audit trail and the sign-ins, without foreign keys, so that they outlive accounts and objects."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """Who (account, key, address) did what to which object, and when. Written once, never changed."""

    at = models.DateTimeField(_("time"), auto_now_add=True)
    actor_id = models.CharField(_("user ID"), max_length=64, blank=True)
    actor = models.CharField(_("user"), max_length=255, blank=True, help_text=_("The user name at that time."))
    key = models.CharField(_("API key"), max_length=255, blank=True, help_text=_("The API key that was used."))
    address = models.CharField(_("address"), max_length=64, blank=True)
    channel = models.CharField(
        _("channel"), max_length=16, help_text=_("How the request came in: api, rest, admin, command or task.")
    )
    action = models.CharField(_("action"), max_length=64)
    object_type = models.CharField(_("object type"), max_length=64)
    object_id = models.CharField(_("object ID"), max_length=64, blank=True)
    object_name = models.CharField(_("object"), max_length=255, blank=True)
    changes = models.JSONField(_("changes"), default=dict)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            models.Index(fields=["at", "id"], name="audit_at_idx"),
            models.Index(fields=["action", "id"], name="audit_action_idx"),
            models.Index(fields=["channel", "id"], name="audit_channel_idx"),
            models.Index(fields=["object_type", "object_id", "id"], name="audit_object_idx"),
            models.Index(fields=["actor_id", "id"], name="audit_actor_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.actor or self.channel}: {self.action} {self.object_name or self.object_id}"


class SignInOutcome(models.TextChoices):
    """What came of a sign-in, and what else is told of credentials."""

    SIGNED_IN = "signed_in", _("Signed in")
    FAILED = "failed", _("Failed")
    THROTTLED = "throttled", _("Throttled")
    SIGNED_OUT = "signed_out", _("Signed out")
    SHOWN = "shown", _("App password shown")


class SignIn(models.Model):
    """A sign-in, a sign-out, a failed attempt, or a look at an app password.

    `navidrome_lib.audit.sign_ins` writes them and bounds their number.
    """

    at = models.DateTimeField(_("time"), auto_now_add=True)
    outcome = models.CharField(_("outcome"), max_length=16, choices=SignInOutcome.choices)
    channel = models.CharField(_("channel"), max_length=16)
    address = models.CharField(_("address"), max_length=64, blank=True)
    user_id = models.CharField(_("user ID"), max_length=64, blank=True)
    username = models.CharField(_("user"), max_length=255, blank=True, help_text=_("The user name as it was typed in."))
    credential = models.CharField(_("credential"), max_length=16, blank=True)

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        indexes = [
            models.Index(fields=["at", "id"], name="sign_in_at_idx"),
            models.Index(fields=["user_id", "id"], name="sign_in_user_idx"),
            models.Index(fields=["outcome", "id"], name="sign_in_outcome_idx"),
            models.Index(fields=["address", "id"], name="sign_in_address_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.username}: {self.get_outcome_display()}"
