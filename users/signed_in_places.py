"""Where an account is signed in, as far as its sign-ins tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _lazy

from navidrome_lib.audit.actor import Channel
from navidrome_lib.audit.models import AuditEntry, SignIn, SignInOutcome
from users.models import User
from users.tokens import longest_seconds

MAX_PLACES = 50
_PROGRAMS: dict[str, object] = {Channel.ADMIN: _lazy("Browser"), Channel.REST: _lazy("Music app")}


@dataclass(frozen=True)
class SignedInPlace:
    """A channel and address from which the account signed in, and when it last did."""

    channel: str
    address: str
    last: datetime

    @property
    def program(self) -> str:
        """What kind of program it is, for a person."""
        return str(_PROGRAMS.get(self.channel, _lazy("App or script")))


def places_of(user: User) -> list[SignedInPlace]:
    """Where the account signed in since all its sign-ins were ended, the latest first.

    Tokens are not stored, so an open sign-in is one that has not lasted too long and was not ended with all others.
    """
    since = timezone.now() - timedelta(seconds=longest_seconds())
    rows = SignIn.objects.filter(user_id=user.pk, outcome=SignInOutcome.SIGNED_IN, at__gte=since)
    ended = last_end(user)
    if ended is not None:
        rows = rows.filter(at__gte=ended)
    found = rows.values("channel", "address").annotate(last=Max("at")).order_by("-last")[:MAX_PLACES]
    return [SignedInPlace(row["channel"], row["address"], row["last"]) for row in found]


def last_end(user: User) -> datetime | None:
    """When all sign-ins of the account were last ended: by a new password, or by signing out everywhere."""
    ends = Q(action__in=("user.sign_out", "user.password")) | Q(action="user.update", changes__has_key="password")
    entries = AuditEntry.objects.filter(ends, object_type="user", object_id=user.pk)
    return entries.aggregate(last=Max("at"))["last"]  # type: ignore[no-any-return]
