"""How much is kept of sign-ins."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SignInLimits:
    """Numbers of rows. What accounts did, and what strangers tried, is bounded apart."""

    per_account: int = 1_000
    attempts: int = 10_000
    attempts_per_minute: int = 300
    # refusals of the same address and account that are one row
    throttled_seconds: int = 60
    # clients of `/rest` sign in with every request: from one address that is one row in this time
    repeated_seconds: int = 86_400
