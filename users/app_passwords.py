"""Credentials of the Subsonic protocol.

Its clients prove `md5(password + salt)`, for which the server must know the password in the clear. So each account has
a random app password for them, encrypted at rest with a key of its own and separate from the login password.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.cache import cache
from django.db import transaction
from django.db.models import Model
from django.utils.crypto import salted_hmac

from libraries.storage.roots import is_storable_text
from navidrome_lib.audit.services import record
from navidrome_lib.errors import NotFound, Unavailable
from users import throttling
from users.encryption import box_of, decrypt, rotate
from users.hashing import BUSY, RETRY_SECONDS, STEP_SECONDS
from users.key_files import subsonic_keys
from users.models import User

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

logger = logging.getLogger(__name__)

# columns that are encrypted with the keys of this module
_encrypted: list[tuple[type[Model], str]] = [(User, "subsonic_secret"), (User, "login_secret")]
# how long an answer about a login password is remembered
REMEMBER = 600
# proofs of the app password that a process knows to be right; wrong ones are judged each time
KEPT_PROOFS: Final = 256
_proofs: Final[dict[tuple[object, ...], None]] = {}
# how long one request waits for what another one finds out about the same password
WAIT_SECONDS = 5


def box() -> MultiFernet:
    """Encrypts with the newest key and decrypts with each."""
    return box_of(subsonic_keys.read())


def app_password(user: User) -> str:
    """The app password of `user`, made at the first need."""
    secret = read_secret(user)
    if secret is not None:
        return secret
    made = secrets.token_urlsafe(24)
    encrypted = box().encrypt(made.encode())
    # two first needs may race: the row takes the first, and both read what it holds
    same_row = User.objects.filter(pk=user.pk, token_epoch=user.token_epoch)
    same_row.filter(subsonic_secret=user.subsonic_secret).update(subsonic_secret=encrypted)
    held = same_row.values_list("subsonic_secret", flat=True).first()
    if held is None:
        raise NotFound  # deleted, or signed out everywhere, at this moment
    user.subsonic_secret = held
    return read_secret(user) or made


def renew_app_password(user: User) -> str:
    """A new app password; the old one ends at once."""
    made = secrets.token_urlsafe(24)
    user.subsonic_secret = box().encrypt(made.encode())
    with transaction.atomic():
        same_row = User.objects.filter(pk=user.pk, token_epoch=user.token_epoch)
        if not same_row.update(subsonic_secret=user.subsonic_secret):
            raise NotFound  # deleted, or signed out everywhere, at this moment
        record("user.app_password", kind="user", pk=user.pk, name=user.username)
    return made


def read_secret(user: User) -> str | None:
    """The app password, or None when there is none yet or its key is lost."""
    encrypted = bytes(user.subsonic_secret)
    if not encrypted:
        return None
    secret = decrypt(box(), encrypted)
    if secret is None:
        logger.warning("The app password of user %s cannot be decrypted; a new one will be made.", user.pk)
    return secret


def subsonic_token(user: User) -> tuple[str, str]:
    """A salt and `md5(app password + salt)`: what a client needs to call `/rest` as `user`."""
    salt = secrets.token_hex(8)
    return salt, token_for(app_password(user), salt)


def token_for(secret: str, salt: str) -> str:
    text = (secret + salt).encode("utf-8", "surrogatepass")
    return hashlib.md5(text, usedforsecurity=False).hexdigest()  # the protocol's choice


def same(one: str, other: str) -> bool:
    """Equal, without telling by the time it takes where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


@functools.lru_cache(maxsize=4)
def decoy(keys: tuple[str, ...]) -> bytes:
    """An encrypted text that stands in for the app password of an unknown user."""
    return box_of(keys).encrypt(secrets.token_urlsafe(24).encode())


def expected_secret(user: User | None) -> str:
    """The app password to compare with; without a user or an app password, a random text."""
    secret = None if user is None or not user.is_active else read_secret(user)
    if secret is None:
        # the same work as for an account that has one
        box().decrypt(decoy(subsonic_keys.read()))
        secret = secrets.token_urlsafe(24)
    return secret


def check_token(user: User | None, token: str, salt: str) -> bool:
    """True when `token` is `md5(app password + salt)`. `user` None (an unknown name) is refused after the same work.

    Many clients send the same proof with each call: one that was right is known by all that this follows from.
    """
    proof = None
    if user is not None and user.is_active:
        proof = (subsonic_keys.read(), bytes(user.subsonic_secret), token, salt)
        if proof in _proofs:
            return True
    right = same(token_for(expected_secret(user), salt), token)
    if not right or not salt or proof is None:
        return False
    if len(_proofs) >= KEPT_PROOFS:
        _proofs.clear()
    _proofs[proof] = None
    return True


def check_app_password(user: User | None, password: str) -> bool:
    """True when `password` is the app password. An unknown name is refused after the same work."""
    right = same(expected_secret(user), password)
    return right and user is not None and user.is_active


def check_login_password(user: User | None, password: str, *, username: str, address: str) -> bool:
    """True when `password` is the login password; raises `TooManyAttempts` for who guesses, counted before judging.

    The slow hash is computed at most once per credential: the answer is kept under an HMAC of the credential and of
    the account's state, so that a changed password or an ended account never meets an old answer.
    """
    if not is_storable_text(password) or not is_storable_text(username):
        return False
    known = user if user is not None else User(username=username, password=UNUSABLE_PASSWORD_PREFIX)
    state = f"{known.pk if user else ''}\0{username if user is None else ''}\0{known.password}\0{known.token_epoch}"
    digest = salted_hmac("users.app_passwords.login", f"{state}\0{password}", algorithm="sha256").hexdigest()
    # before anything is remembered: a remembered right password must not answer to unlimited guesses
    throttling.subsonic.peek(address, username)

    def judge() -> bool:
        return throttling.subsonic.judge(address, username, lambda: known.check_password(password))

    # an old client that repeats one wrong password is no guesser, and counts once
    return judge_once(f"subsonic:login:{digest}", judge) and user is not None and user.is_active


def judge_once(key: str, judge: Callable[[], bool]) -> bool:
    """The result of `judge`, remembered under `key`; of callers that need it at once, one judges for all.

    A client that begins with ten requests at once is not taken for one that guesses ten times.
    """
    limit = time.monotonic() + WAIT_SECONDS
    while (known := cache.get(key)) is None:
        if cache.add(f"{key}:judging", True, timeout=WAIT_SECONDS):
            try:
                known = cache.get(key)  # another one may have found out between the two looks
                if known is None:
                    known = judge()
                    cache.set(key, known, timeout=REMEMBER)
                return bool(known)
            finally:
                cache.delete(f"{key}:judging")
        if time.monotonic() >= limit:
            raise Unavailable(BUSY, retry_after=RETRY_SECONDS)
        time.sleep(STEP_SECONDS)
    return bool(known)


def keep_encrypted(model: type[Model], field: str) -> None:
    """Have a column that another app encrypts with `box` follow when the keys are replaced."""
    if (model, field) not in _encrypted:
        _encrypted.append((model, field))


def rotate_secrets(keys: tuple[str, ...]) -> int:
    """Encrypt every app password, and what else is kept so, with the first of `keys`; returns how many there were."""
    return sum(rotate_field(model, name, box_of(keys)) for model, name in _encrypted)


def rotate_field(model: type[Model], name: str, new: MultiFernet) -> int:
    """Encrypt one column with the new key; return how many secrets there were."""
    rows = model._default_manager
    count = 0
    for pk, encrypted in rows.exclude(**{name: b""}).values_list("pk", name).iterator():
        fresh = rotate(new, bytes(encrypted))
        if fresh is None:
            continue  # its key was lost before; the next need makes a new one
        # conditional: one that was renewed meanwhile stays
        count += rows.filter(pk=pk, **{name: encrypted}).update(**{name: fresh})
    return count
