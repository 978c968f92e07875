"""Why a service did not take what it was sent. Imports nothing of ours."""

from __future__ import annotations

from typing import Final

# why a play is refused that `is_named` is not true of
NAMELESS: Final = "It has no title or no artist."


class Problem(Exception):
    """Something stands between us and the service; the sentence is for the person whose account it is."""

    @property
    def message(self) -> str:
        return str(self.args[0])


class TryLater(Problem):
    """It may work later: after `seconds`, where the service has said so."""

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


class SecretRefused(Problem):
    """The token is not, or no longer, good."""


class PlaysRefused(Problem):
    """Something in what was sent is nothing that the service takes; sending it again would not help."""
