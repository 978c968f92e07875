"""Connections that hold something while they wait: which is the oldest, of one client and of all."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from ipaddress import IPv6Address, ip_network
from typing import Generic, TypeVar

from navidrome_lib.security import proxies

T = TypeVar("T", bound=Hashable)
# what one household has of IPv6
_HOUSEHOLD = 64


def crowd_of(peer: object, trusted: tuple[str, ...]) -> str | None:
    """The client that a peer counts as: its address, its network with IPv6; None for a proxy, behind which many are."""
    if not isinstance(peer, tuple) or not peer:
        return None  # a socket in the file system, which only a proxy can reach
    address = proxies.parse(f"[{peer[0]}]")
    if address is None:
        return str(peer[0])
    if any(address in network for network in proxies.networks(trusted)):
        return None
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _HOUSEHOLD), strict=False))
    return str(address)


class Crowd(Generic[T]):
    """Members in the order in which they came, at most `each` of one client; those without a client are not limited."""

    def __init__(self, each: int) -> None:
        self._each = each
        self._clients: dict[T, str | None] = {}
        self._of_client: dict[str, dict[T, None]] = {}

    def __len__(self) -> int:
        return len(self._clients)

    def __contains__(self, member: T) -> bool:
        return member in self._clients

    def __iter__(self) -> Iterator[T]:
        """The members, the oldest first."""
        return iter(list(self._clients))

    def add(self, member: T, client: str | None) -> T | None:
        """Add a member that is not there yet; the oldest of its client when that are too many now, which stays in."""
        if member in self._clients:
            return None
        self._clients[member] = client
        if client is None:
            return None
        same = self._of_client.setdefault(client, {})
        same[member] = None
        return next(iter(same)) if len(same) > self._each else None

    def surplus(self, client: str | None) -> list[T]:
        """The oldest members of a client, as many as are too many."""
        same = list(self._of_client.get(client, ())) if client is not None else []
        return same[: max(0, len(same) - self._each)]

    def discard(self, member: T) -> None:
        """Remove a member if it is there."""
        client = self._clients.pop(member, None)
        if client is not None:
            same = self._of_client[client]
            del same[member]
            if not same:
                del self._of_client[client]

    def oldest(self) -> T | None:
        return next(iter(self._clients), None)


class Deadlines(Generic[T]):
    """Members that have the same time each."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends: dict[T, float] = {}

    def __len__(self) -> int:
        return len(self._ends)

    def start(self, member: T, now: float) -> None:
        """Give a member its time, from now on."""
        self._ends.pop(member, None)
        self._ends[member] = now + self.seconds

    def stop(self, member: T) -> None:
        self._ends.pop(member, None)

    def oldest(self) -> T | None:
        return next(iter(self._ends), None)

    def take_expired(self, now: float) -> Iterator[T]:
        """The members whose time is over; they are removed."""
        while (member := self.oldest()) is not None and self._ends[member] <= now:
            del self._ends[member]
            yield member

    def take_all(self) -> list[T]:
        members = list(self._ends)
        self._ends.clear()
        return members
