"""Throttle the guessing of passwords without locking the owner of the account out."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest

from navidrome_lib.api.throttling import Throttle
from navidrome_lib.errors import TooManyAttempts
from users.models import username_key

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

    Because an account is never counted alone, an attacker elsewhere cannot lock its owner out.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def _throttles(self) -> tuple[Throttle, Throttle]:
        limit: int = settings.CONF.auth_request_limit
        return Throttle(f"{self.name}:account", limit=limit), Throttle(
            f"{self.name}:address", limit=limit * PER_ADDRESS
        )

    def enter(self, address: str, username: str) -> None:
        """Count one attempt, before it is judged: parallel ones cannot slip through. Raises `TooManyAttempts`."""
        by_account, by_address = self._throttles()
        wait = max(by_account.wait(address, username_key(username)), by_address.wait(address))
        if wait:
            raise TooManyAttempts(retry_after=wait)

    def check(self, address: str, username: str) -> None:
        """Raise `TooManyAttempts` when too many attempts failed; counts nothing.

        For clients that send valid credentials with every request: counting these beforehand would block them.
        """
        by_account, by_address = self._throttles()
        wait = max(by_account.peek(address, username_key(username)), by_address.peek(address))
        if wait:
            raise TooManyAttempts(retry_after=wait)

    def failed(self, address: str, username: str) -> None:
        """Count one failed attempt."""
        by_account, by_address = self._throttles()
        by_account.wait(address, username_key(username))
        by_address.wait(address)

    def passed(self, address: str, username: str) -> None:
        """Reset the account's count after a successful attempt.

        Of the address only this attempt is taken back: who knows one account's password may still guess others.
        """
        by_account, by_address = self._throttles()
        by_account.forget(address, username_key(username))
        by_address.undo(address)


login = LoginThrottle("login")
admin_site = LoginThrottle("admin")
subsonic = LoginThrottle("subsonic")
