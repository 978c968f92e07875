"""Browsers that an account signed in from before: each has a budget of failed sign-ins of its own.

So a client that fills the budget of an address, behind a proxy or router that others share, locks none of them out.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare, salted_hmac

from users.models import User, username_key

COOKIE: Final = "navidrome_lib_device"
SALT: Final = "users.devices"
KEPT_SECONDS: Final = 365 * 24 * 3600
# of one browser; who signed in last counts
MOST_ACCOUNTS: Final = 8


class Device:
    """The browser of one request, by its signed cookie."""

    def __init__(self, cookie: str = "") -> None:
        self._cookie = cookie
        self._read: tuple[str, dict[str, str]] | None = None
        self._budgets: dict[str, str] = {}
        self._signed_in: list[str] = []

    def _content(self) -> tuple[str, dict[str, str]]:
        """The browser's own number, and a proof for each account that signed in with it."""
        if self._read is None:
            self._read = read_cookie(self._cookie) or (secrets.token_urlsafe(12), {})
        return self._read

    def budget(self, username: str) -> str:
        """The name of the budget that this account has at this browser; empty where it has none.

        It stays the same for the whole request, whatever becomes of the account meanwhile.
        """
        key = username_key(username)
        if self._cookie and key not in self._budgets:
            number, proofs = self._content()
            known = User.objects.filter(pk__in=proofs) if proofs else ()
            user = next((user for user in known if user.username_key == key), None)
            right = user is not None and constant_time_compare(proofs[str(user.pk)], proof_of(user))
            self._budgets[key] = f"{number}:{user.pk}" if user is not None and right else ""
        return self._budgets.get(key, "")

    def remember(self, username: str) -> None:
        """The account has signed in with this browser."""
        self._signed_in.append(username_key(username))

    def write(self, response: HttpResponseBase) -> None:
        """Hand the cookie out again after a sign-in."""
        if not self._signed_in:
            return
        number, proofs = self._content()
        for user in User.objects.filter(username_key__in=self._signed_in, is_active=True):
            proofs.pop(str(user.pk), None)
            proofs[str(user.pk)] = proof_of(user)
        content = {"id": number, "accounts": dict(list(proofs.items())[-MOST_ACCOUNTS:])}
        response.set_cookie(
            COOKIE,
            signing.dumps(content, salt=SALT),
            max_age=KEPT_SECONDS,
            path=settings.SESSION_COOKIE_PATH,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Strict",
        )


def proof_of(user: User) -> str:
    """What ends with the password, and when the account is signed out everywhere."""
    return salted_hmac(SALT, user.get_session_auth_hash(), algorithm="sha256").hexdigest()[:32]


def read_cookie(text: str) -> tuple[str, dict[str, str]] | None:
    """The content of a cookie that we signed; None for all else."""
    try:
        content: dict[str, Any] = signing.loads(text, salt=SALT, max_age=KEPT_SECONDS)
    except signing.BadSignature:
        return None
    return str(content["id"]), dict(content["accounts"])


_current: ContextVar[Device | None] = ContextVar("device", default=None)


def current() -> Device:
    """The browser of the present request; outside of requests one without a sign-in."""
    return _current.get() or Device()


@contextmanager
def visiting(device: Device) -> Iterator[Device]:
    """Make `device` the present one inside the block."""
    token = _current.set(device)
    try:
        yield device
    finally:
        _current.reset(token)
