"""Sessions of browsers: their beginning and their end are noted, whichever page they come from."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver

from navidrome_lib.audit.models import SignInOutcome
from navidrome_lib.audit.sign_ins import note_sign_in
from users.models import User


@receiver(user_logged_in)
def note_begin(user: User, **_: Any) -> None:
    """Note that a person signed in with a browser."""
    note_sign_in(SignInOutcome.SIGNED_IN, username=user.username, user_id=user.pk)


@receiver(user_logged_out)
def note_end(user: User | None, **_: Any) -> None:
    """Note that a person signed out; a session that had ended before has no account."""
    if user is not None:
        note_sign_in(SignInOutcome.SIGNED_OUT, username=user.username, user_id=user.pk)
