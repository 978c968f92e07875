"""Login passwords that are kept, encrypted, with `ND_SUBSONICPASSWORDS=login` only.

Clients of the Subsonic protocol that know one password only prove `md5(password + salt)` with it. To check that the
server must know the password itself, so a person who has the database and the key file can read it.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from typing import Final

from django.conf import settings

from libraries.storage.roots import is_storable_text
from users import throttling
from users.app_passwords import box, decoy, same, token_for
from users.encryption import decrypt
from users.key_files import subsonic_keys
from users.models import User, username_key

DIGEST_LENGTH: Final = 32
# attempts of one address at one account are judged one after the other: a client that has the right password may send
# many requests at once, and each counts until it is judged
_turns: Final = [threading.Lock() for _ in range(64)]


def are_kept() -> bool:
    """Whether this server keeps login passwords."""
    return bool(settings.CONF.subsonic_passwords == "login")


def digest_of(user: User) -> str:
    """What ties a kept password to the one that is valid: with a new password the kept one is worth nothing."""
    return hashlib.sha256(user.password.encode()).hexdigest()[:DIGEST_LENGTH]


def keep_login_password(user: User, password: str) -> None:
    """Keep the password with which `user` has just signed in, or forget it where none is to be kept."""
    row = User.objects.filter(pk=user.pk, password=user.password, token_epoch=user.token_epoch)
    if are_kept() and read_login_secret(user) != password:
        row.update(login_secret=box().encrypt(f"{digest_of(user)}{password}".encode()))
    elif not are_kept() and bytes(user.login_secret):
        row.update(login_secret=b"")


def read_login_secret(user: User) -> str | None:
    """The kept password when it is still the valid one."""
    if not are_kept() or not bytes(user.login_secret):
        return None
    text = decrypt(box(), bytes(user.login_secret))
    if text is None:
        return None  # its key is lost; the next sign-in keeps it again
    return text[DIGEST_LENGTH:] if same(text[:DIGEST_LENGTH], digest_of(user)) else None


def expected_login_secret(user: User | None) -> str:
    """The password to compare with; without one a random text, after the same work."""
    secret = None if user is None or not user.is_active else read_login_secret(user)
    if secret is None:
        box().decrypt(decoy(subsonic_keys.read()))
        secret = secrets.token_urlsafe(24)
    return secret


def check_login_token(user: User | None, token: str, salt: str, *, username: str, address: str) -> bool:
    """True when `token` is `md5(login password + salt)`; raises `TooManyAttempts` for who guesses."""

    def is_right() -> bool:
        right = same(token_for(expected_login_secret(user), salt), token)
        return right and bool(salt) and user is not None and user.is_active

    if not is_storable_text(username):
        return False
    if not are_kept():
        # there is nothing to guess: an app password has 192 random bits
        throttling.subsonic.note_failure(username)
        return False
    turn = _turns[hash((address, username_key(username))) % len(_turns)]
    return throttling.subsonic.judge(address, username, is_right, turn)


def forget_login_passwords() -> int:
    """Remove what is kept where nothing is to be kept any more; returns of how many accounts."""
    return 0 if are_kept() else User.objects.exclude(login_secret=b"").update(login_secret=b"")
