"""Failures by the protocol's codes. The HTTP status is 200 all the same: clients read the code.

Only what may succeed a moment later has another status, for players that give media to a program that reads no codes.
"""

from __future__ import annotations

from http import HTTPStatus

from media.errors import MediaAway, TooManyTranscodes
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
    """One failure: a code of the protocol, a sentence, and the status where it is another than that of success."""

    def __init__(self, code: int, message: str, *, status: int = HTTPStatus.OK) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def missing_parameter(name: str) -> SubsonicError:
    """The failure of a call without a parameter that has to be there."""
    return SubsonicError(MISSING_PARAMETER, f"Required parameter is missing: {name}")


def from_domain(error: errors.DomainError) -> SubsonicError:
    """The same failure in the protocol's words."""
    code = next(number for kind, number in CODES.items() if isinstance(error, kind))
    return SubsonicError(code, error.message, status=status_of(error))


def status_of(error: errors.DomainError) -> int:
    """The HTTP status of an answer that says this."""
    if isinstance(error, MediaAway):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.TOO_MANY_REQUESTS if isinstance(error, TooManyTranscodes) else HTTPStatus.OK
