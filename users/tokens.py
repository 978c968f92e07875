"""The tokens of people who signed in: JWT with one algorithm and keys of their own."""

from __future__ import annotations

import hmac
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import jwt
from django.conf import settings

from navidrome_lib.db.prepared import PreparedQuery
from users.app_passwords import read_secret
from users.key_files import jwt_keys
from users.models import User

ALGORITHM = "HS256"
MAX_LENGTH = 4096
# tokens whose signature is known, and such that were signed a moment ago
KEPT: Final = 256
_active_user: Final = PreparedQuery(lambda pk: User.objects.filter(pk=pk, is_active=True)[:1], str)


def account_digest(authenticated: AuthenticatedUser, key: str) -> str:
    """A digest that changes with the password by which one signed in, and when all tokens of the account are ended."""
    user = authenticated.user
    state = f"{user.pk}\0{user.password}\0{user.token_epoch}"
    if authenticated.is_app:
        state += f"\0{read_secret(user)}"
    return _digest(state, key)


@lru_cache(KEPT)
def _digest(state: str, key: str) -> str:
    """Asked for when a token is checked and when it is renewed, with each request."""
    return hmac.digest(key.encode(), state.encode(), "sha256").hex()[:32]


@dataclass(frozen=True)
class AuthenticatedUser:
    """Whom a token stands for: an account, when it signed in (in seconds), and whether with an app's rights."""

    user: User
    signed_in_at: int
    is_app: bool = False


def longest_seconds() -> int:
    """How long a sign-in lasts at most, however often it is renewed."""
    return max(settings.CONF.session_max_age, settings.CONF.session_timeout)


def issue(user: User) -> str:
    """The token of `user`, who signs in now."""
    return renew(AuthenticatedUser(user, int(time.time())))


def renew(authenticated: AuthenticatedUser) -> str:
    """A new token for a user who has one; the longest life counts from the sign-in."""
    key, now, user = jwt_keys.read()[0], int(time.time()), authenticated.user
    claims = {
        "sub": user.username,
        "uid": user.pk,
        "adm": user.is_superuser,
        "iat": now,
        "exp": min(now + settings.CONF.session_timeout, authenticated.signed_in_at + longest_seconds()),
        "auth_time": authenticated.signed_in_at,
        "fpr": account_digest(authenticated, key),
        **({"app": True} if authenticated.is_app else {}),
    }
    return _signed(tuple(claims.items()), key)


@lru_cache(KEPT)
def _signed(claims: tuple[tuple[str, Any], ...], key: str) -> str:
    """The token with these claims: all requests of a second get the same one."""
    return jwt.encode(dict(claims), key, algorithm=ALGORITHM)


def verify(token: str) -> AuthenticatedUser | None:
    """The user of `token`, with the active account read from the database now; None when it is no good.

    Nothing but the account's id is believed from the token: name and rights are what the database says.
    """
    if len(token) > MAX_LENGTH:
        return None
    for key in jwt_keys.read():
        claims = decode(token, key)
        if claims is None:
            continue
        user = _active_user.first(claims["uid"])
        if user is None:
            return None
        # a token of an earlier version does not say when its owner signed in
        authenticated = AuthenticatedUser(user, claims.get("auth_time", claims["iat"]), is_app="app" in claims)
        return authenticated if hmac.compare_digest(account_digest(authenticated, key), claims["fpr"]) else None
    return None


@lru_cache(KEPT)
def _claims(token: str, key: str) -> dict[str, Any]:
    """What a token says, whenever that was true; an error for one that `key` did not sign.

    A client sends the same token with each request: only what time changes is looked at each time.
    """
    needed = ["sub", "uid", "iat", "exp", "fpr"]
    options: Any = {"require": needed, "verify_aud": False, "verify_exp": False, "verify_iat": False}
    claims: dict[str, Any] = jwt.decode(token, key, algorithms=[ALGORITHM], options=options)
    return claims


def decode(token: str, key: str) -> dict[str, Any] | None:
    """The claims of `token` when `key` signed it and it has not ended."""
    try:
        claims = _claims(token, key)
        now, leeway = time.time(), settings.TOKEN_LEEWAY_SECONDS
        if int(claims["exp"]) <= now - leeway or int(claims["iat"]) > now + leeway:
            return None
    # a token is input: whatever odd thing its parts hold, it is a token that is no good
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, RecursionError):
        return None
    texts = [claims["uid"], claims["fpr"]]
    are_texts = all(isinstance(text, str) and text.isascii() and text.isalnum() for text in texts)
    return claims if are_texts and isinstance(claims.get("auth_time", 0), int) else None
