"""Accounts of people at other services, and the plays that wait to be sent to them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from libraries.models import Library
from navidrome_lib.db.fields import KeyField, id_field


class Service(models.TextChoices):
    """A service that collects plays; the values are those of the addresses."""

    LISTENBRAINZ = "listenbrainz", "ListenBrainz"
    LASTFM = "lastfm", "Last.fm"


class ServiceAccount(models.Model):
    """That the plays of a person are sent on to a service."""

    id = id_field()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="service_accounts"
    )
    service = models.CharField(_("service"), max_length=16, choices=Service.choices)
    # how the person is called there
    name = models.CharField(_("name"), max_length=255, default="", blank=True)
    # the token or session key, encrypted: no address and no page ever shows it
    secret = models.BinaryField(editable=False)
    # libraries whose plays are not sent
    left_out = models.ManyToManyField(Library, related_name="+", blank=True)
    # since the service refused the secret; nothing is sent until the person gives another
    stopped_at = models.DateTimeField(null=True)
    # of the tries since the last success: how many failed, why the last one did, and when the next one is
    failures = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=500, default="", blank=True)
    next_try_at = models.DateTimeField(null=True)
    # the run that sends now, and until when no other one may
    claimed_by = KeyField(max_length=22, default="", editable=False)
    claimed_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("account at another service")
        verbose_name_plural = _("accounts at other services")
        constraints = [models.UniqueConstraint(fields=["user", "service"], name="service_account_unique")]

    def __str__(self) -> str:
        return f"{self.service} of {self.user_id}"


class WaitingPlay(models.Model):
    """A play on its way, with all that is told of it: the track may change, or go, before it is sent.

    With `refused` the service does not take it, and why; it is kept, and sent again only after a new token.
    """

    account = models.ForeignKey(ServiceAccount, on_delete=models.CASCADE, db_index=False, related_name="plays")
    track_id = KeyField(max_length=22)
    played_at = models.DateTimeField()
    about = models.JSONField()
    refused = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        verbose_name = _("play to be sent on")
        verbose_name_plural = _("plays to be sent on")
        constraints = [models.UniqueConstraint(fields=["account", "track_id", "played_at"], name="waiting_play_unique")]
        indexes = [models.Index(fields=["account", "id"], condition=Q(refused=""), name="waiting_play_idx")]

    def __str__(self) -> str:
        return f"{self.track_id} at {self.played_at:%Y-%m-%d %H:%M}"

    @property
    def is_named(self) -> bool:
        """Whether it has what no service can do without: a title and an artist."""
        return bool(self.about.get("title") and self.about.get("artist"))
