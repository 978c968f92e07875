"""Why a command ends early, in words for the person who started it."""

from __future__ import annotations


class Refused(Exception):
    """The command cannot start as it was asked to; nothing was done (exit code 2)."""


class Failed(Exception):
    """The command started but something that it needs does not work (exit code 1)."""


class Interrupted(Exception):
    """A signal asked the command to stop while it was still starting."""
