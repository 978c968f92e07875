"""What tests of sign-ins share."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytest_django.fixtures import Settings

from navidrome_lib.audit.models import SignInOutcome
from navidrome_lib.audit.sign_ins import note_sign_in


@pytest.fixture
def only_logged(db: None, settings: Settings) -> None:
    """Write no more rows of failed attempts: threads would wait for the transaction of their test."""
    settings.SIGN_IN_LIMITS = replace(settings.SIGN_IN_LIMITS, attempts_per_minute=1)
    note_sign_in(SignInOutcome.FAILED, username="the one of this minute")
