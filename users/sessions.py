"""Sessions of browsers: how long they last, and that their beginning and end are noted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.backends.base import SessionBase
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from navidrome_lib.audit.models import SignInOutcome
from navidrome_lib.audit.sign_ins import note_sign_in
from users.models import User
from users.tokens import longest_seconds

# when the person signed in, and until when the session was last made to last; in seconds
BEGUN: Final = "signed_in_at"
LASTS: Final = "lasts_until"
# a renewal is a write: it is done when this part of the time is over
RENEWED_PART: Final = 10


def renew(session: SessionBase) -> None:
    """Have the session of a person last for the whole time again, but no longer than a sign-in may."""
    if SESSION_KEY not in session:
        return
    now, lasting = int(timezone.now().timestamp()), settings.SESSION_COOKIE_AGE
    begun = session.get(BEGUN, now)
    end = begun + longest_seconds()
    until = min(now + lasting, end)
    more = until - session.get(LASTS, 0)
    if more >= lasting / RENEWED_PART or (more > 0 and until == end):
        session[BEGUN], session[LASTS] = begun, until
        session.set_expiry(datetime.fromtimestamp(until, UTC))


@receiver(user_logged_in)
def note_begin(user: User, request: HttpRequest | None, **_: Any) -> None:
    """Note that a person signed in with a browser, and when."""
    session = getattr(request, "session", None)
    if session is not None:
        session[BEGUN] = int(timezone.now().timestamp())
        session.pop(LASTS, None)
    note_sign_in(SignInOutcome.SIGNED_IN, username=user.username, user_id=user.pk)


@receiver(user_logged_out)
def note_end(user: User | None, **_: Any) -> None:
    """Note that a person signed out; a session that had ended before has no account."""
    if user is not None:
        note_sign_in(SignInOutcome.SIGNED_OUT, username=user.username, user_id=user.pk)
