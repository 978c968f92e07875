"""The set-up code: who reads it on the console of the server may create the first admin from another machine.

It is a file of the data folder, which all web processes share, and is gone with the first account.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from navidrome_lib.config.secrets import SETUP_CODE, read_or_create
from navidrome_lib.signals import serving
from users.models import User

logger = logging.getLogger(__name__)

# without letters and digits that look alike: a person may have to type it
ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
GROUPS: Final = 3
GROUP_LENGTH: Final = 4


def code_path() -> Path:
    """The file that holds the code."""
    folder: Path = settings.CONF.data_folder
    return folder / SETUP_CODE


def make_code() -> str:
    """A new code of 60 random bits: `K7QF-9XTM-2HWC`."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    return "-".join(groups)


def setup_code() -> str:
    """The code, made at the first need."""
    return read_or_create(code_path(), make_code)


def normal(code: str) -> bytes:
    """The form in which two codes are the same: case, spaces and hyphens do not count."""
    return "".join(letter for letter in code.upper() if letter.isalnum()).encode("utf-8", "surrogatepass")


def is_setup_code(given: str) -> bool:
    """Whether this is the code, in the same time for every wrong one."""
    return hmac.compare_digest(normal(given), normal(setup_code()))


def end_setup_code() -> None:
    """Remove the code: there is an account."""
    code_path().unlink(missing_ok=True)


@receiver(post_save, sender=User)
def end_with_the_first_account(created: bool, **_: Any) -> None:
    """Remove the code once an account is committed, whichever way it was created."""
    if created:
        transaction.on_commit(end_setup_code)


def setup_address(home: str) -> str:
    """The address of the first page, with the code in it; `home` has no slash at its end."""
    return f"{home}/setup?code={quote(setup_code())}"


@receiver(serving)
def announce(home: str, **_: Any) -> None:
    """Say in the log of a web server without accounts where to set it up."""
    try:
        if User.objects.exists():
            return
    except DatabaseError:  # it is away, or has no tables yet: there is nothing to set up now
        return
    logger.warning(
        "There is no account yet. Create your admin account at %s (from another machine: with the IP address of this "
        "one in the place of localhost)",
        setup_address(home),
    )
