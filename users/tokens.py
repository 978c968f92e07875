"""The tokens of people who signed in: JWT with one algorithm and keys of their own."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Any

import jwt
from django.conf import settings

from users.key_files import jwt_keys
from users.models import User

ALGORITHM = "HS256"
MAX_LENGTH = 4096


def fingerprint(user: User, key: str) -> str:
    """A digest that changes with the password and when all tokens of the account are ended."""
    state = f"{user.pk}\0{user.password}\0{user.token_epoch}"
    return hmac.new(key.encode(), state.encode(), hashlib.sha256).hexdigest()[:32]


def issue(user: User) -> str:
    """A new token for `user`."""
    key, now = jwt_keys.read()[0], int(time.time())
    claims = {
        "sub": user.username,
        "uid": user.pk,
        "adm": user.is_superuser,
        "iat": now,
        "exp": now + settings.CONF.session_timeout,
        "fpr": fingerprint(user, key),
    }
    return jwt.encode(claims, key, algorithm=ALGORITHM)


def verify(token: str) -> User | None:
    """The active account that `token` was issued for, read from the database now; None when it is no good.

    Nothing but the account's id is believed from the token: name and rights are what the database says.
    """
    if len(token) > MAX_LENGTH:
        return None
    for key in jwt_keys.read():
        claims = decode(token, key)
        if claims is None:
            continue
        user = User.objects.filter(pk=claims["uid"], is_active=True).first()
        if user is not None and hmac.compare_digest(fingerprint(user, key), claims["fpr"]):
            return user
        return None
    return None


def decode(token: str, key: str) -> dict[str, Any] | None:
    """The claims of `token` when `key` signed it and it has not ended."""
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            leeway=settings.TOKEN_LEEWAY_SECONDS,
            options={"require": ["sub", "uid", "iat", "exp", "fpr"], "verify_aud": False},
        )
    # a token is input: whatever odd thing its parts hold, it is a token that is no good
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, RecursionError):
        return None
    texts = [claims["uid"], claims["fpr"]]
    return claims if all(isinstance(text, str) and text.isascii() and text.isalnum() for text in texts) else None
