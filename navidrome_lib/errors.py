"""The errors that services raise. They know nothing of HTTP: each channel translates them for its protocol."""

from __future__ import annotations

from collections.abc import Mapping


class DomainError(Exception):
    """A refusal with a sentence for a person."""

    default_message = "The request could not be carried out."

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.default_message)

    @property
    def message(self) -> str:
        return str(self.args[0])


class NotFound(DomainError):
    """It does not exist, or the asker may not know that it does."""

    default_message = "Not found."


class FieldError(DomainError):
    """A refusal of input. `errors` maps each field (its wire name) that is refused to a sentence."""

    def __init__(self, message: str = "", *, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(message or " ".join(dict.fromkeys((errors or {}).values())))
        self.errors = dict(errors or {})


class InvalidInput(FieldError):
    """The input breaks a rule."""

    default_message = "The input is not valid."


class Conflict(FieldError):
    """The state does not allow it now."""

    default_message = "The current state does not allow this."


class NotAllowed(DomainError):
    """The asker has no right to do this."""

    default_message = "You do not have permission to do this."


class Unavailable(DomainError):
    """Something that is needed cannot be reached now; trying again may help."""

    default_message = "This is not available at the moment."

    def __init__(self, message: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooManyAttempts(DomainError):
    """Too many attempts; the next is allowed after `retry_after` seconds."""

    default_message = "Too many attempts. Try again later."

    def __init__(self, message: str = "", *, retry_after: int = 60) -> None:
        super().__init__(message)
        self.retry_after = retry_after
