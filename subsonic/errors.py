"""Failures by the protocol's codes. The HTTP status is 200 all the same: clients read the code."""

from __future__ import annotations

from navidrome_lib import errors

GENERIC = 0
MISSING_PARAMETER = 10
WRONG_CREDENTIALS = 40
CONFLICTING_CREDENTIALS = 43
INVALID_API_KEY = 44
NOT_AUTHORIZED = 50
NOT_FOUND = 70

CODES: dict[type[errors.DomainError], int] = {
    errors.NotFound: NOT_FOUND,
    errors.NotAllowed: NOT_AUTHORIZED,
    errors.DomainError: GENERIC,
}


class SubsonicError(Exception):
    """One failure: a code of the protocol and a sentence."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def from_domain(error: errors.DomainError) -> SubsonicError:
    """The same failure in the protocol's words."""
    code = next(number for kind, number in CODES.items() if isinstance(error, kind))
    return SubsonicError(code, error.message)
