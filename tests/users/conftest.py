"""What tests of sign-ins share."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from navidrome_lib.audit.limits import SignInLimits
from navidrome_lib.audit.models import SignInOutcome
from navidrome_lib.audit.sign_ins import note_sign_in
from tests.support.limits import change_limits


@pytest.fixture
def only_logged(db: None, settings: Settings) -> None:
    """Write no more rows of failed attempts: threads would wait for the transaction of their test."""
    change_limits(settings, SignInLimits, attempts_per_minute=1)
    note_sign_in(SignInOutcome.FAILED, username="the one of this minute")
