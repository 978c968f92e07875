"""Throttle the guessing of passwords without locking the owner of the account out."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar, cast

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from navidrome_lib.api.throttling import Throttle
from navidrome_lib.audit.models import SignInOutcome
from navidrome_lib.audit.sign_ins import note_sign_in
from navidrome_lib.errors import TooManyAttempts, Unavailable
from users import devices
from users.models import username_key

T = TypeVar("T")

# an address may try this many times more than one account: enough for a family behind one router
PER_ADDRESS = 10


def client_address(request: HttpRequest) -> str:
    """Return the address that a request comes from; of IPv6 the /64 network, which belongs to one client."""
    text = request.META.get("REMOTE_ADDR") or ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ipaddress.ip_network((address, 64), strict=False))
    return text


class LoginThrottle:
    """Limits failed logins in one channel: by account and address together, and more generously by address alone.

    Because an account is never counted alone, an attacker elsewhere cannot lock its owner out. A browser that the
    account signed in from before is counted by itself, whatever its address: others behind one proxy cannot, either.
    """

    def __init__(self, name: str, *, remembers: bool = True) -> None:
        """`remembers`: who signs in here is known by the browser from then on."""
        self.name = name
        self.remembers = remembers

    def _by_device(self) -> Throttle:
        return Throttle(f"{self.name}:device", limit=settings.CONF.auth_request_limit)

    def _throttles(self) -> tuple[Throttle, Throttle]:
        limit: int = settings.CONF.auth_request_limit
        return Throttle(f"{self.name}:account", limit=limit), Throttle(
            f"{self.name}:address", limit=limit * PER_ADDRESS
        )

    def enter(self, address: str, username: str) -> None:
        """Count one attempt, before it is judged: parallel ones cannot slip through. Raises `TooManyAttempts`."""
        wait = self.count(address, username)
        if wait:
            note_sign_in(SignInOutcome.THROTTLED, username=username)
            raise TooManyAttempts(retry_after=wait)

    def judge(
        self, address: str, username: str, check: Callable[[], T], turn: AbstractContextManager[Any] | None = None
    ) -> T:
        """The result of `check`, which is false for wrong credentials; counted before, and taken back when it is true.

        Raises `TooManyAttempts`. An attempt that cannot be judged now does not count. A `turn` is held while it is
        counted and judged, but not while it is noted in the database, which may be busy.
        """
        refusal: ValidationError | None = None
        with turn or nullcontext():
            wait = self.count(address, username)
            try:
                result = check() if not wait else None
            except Unavailable:
                self.undo(address, username)
                raise
            except ValidationError as error:  # how a form says that it is wrong
                result, refusal = None, error
            if result:
                self.passed(address, username)
        if wait:
            note_sign_in(SignInOutcome.THROTTLED, username=username)
            raise TooManyAttempts(retry_after=wait)
        if not result:
            note_sign_in(SignInOutcome.FAILED, username=username)
        if refusal is not None:
            raise refusal
        return cast(T, result)

    def count(self, address: str, username: str) -> int:
        """Count one attempt; returns 0 when it is allowed, else the seconds to wait."""
        if budget := devices.current().budget(username):
            return self._by_device().wait(budget)
        by_account, by_address = self._throttles()
        return max(by_account.wait(address, username_key(username)), by_address.wait(address))

    def note_failure(self, username: str) -> None:
        """Note an attempt that needs no count; one that is repeated is one line each time, and one row a minute."""
        note_sign_in(SignInOutcome.FAILED, username=username, repeated=True)

    def peek(self, address: str, username: str) -> None:
        """Raise `TooManyAttempts` when too many attempts at this account failed; counts nothing.

        For clients that send with every request what was right before: counting these beforehand would block them.
        """
        by_account, _ = self._throttles()
        budget = devices.current().budget(username)
        wait = self._by_device().peek(budget) if budget else by_account.peek(address, username_key(username))
        if wait:
            note_sign_in(SignInOutcome.THROTTLED, username=username)
            raise TooManyAttempts(retry_after=wait)

    def undo(self, address: str, username: str) -> None:
        """Take one attempt back, which was not judged."""
        if budget := devices.current().budget(username):
            self._by_device().undo(budget)
            return
        by_account, by_address = self._throttles()
        by_account.undo(address, username_key(username))
        by_address.undo(address)

    def passed(self, address: str, username: str) -> None:
        """Reset the account's count after a successful attempt.

        Of the address only this attempt is taken back: who knows one account's password may still guess others.
        """
        device = devices.current()
        if self.remembers:
            device.remember(username)
        if budget := device.budget(username):
            self._by_device().forget(budget)
            return
        by_account, by_address = self._throttles()
        by_account.forget(address, username_key(username))
        by_address.undo(address)


login = LoginThrottle("login")
admin_site = LoginThrottle("admin")
subsonic = LoginThrottle("subsonic", remembers=False)
setup = LoginThrottle("setup", remembers=False)
