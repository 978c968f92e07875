"""The rule for the passwords of admins, where one is created without a form of Django's."""

from __future__ import annotations

from typing import Final

from navidrome_lib.errors import InvalidInput

ADMIN_LENGTH: Final = 8
TOO_SHORT: Final = f"The password of an admin needs at least {ADMIN_LENGTH} characters."


def check_admin_password(password: str) -> None:
    """Refuse a password that is too short for an admin; `InvalidInput`."""
    if len(password) < ADMIN_LENGTH:
        raise InvalidInput(errors={"password": TOO_SHORT})
