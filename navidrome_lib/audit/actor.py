"""The actor of the present request, command or task: set where it begins, read where a change is recorded."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Channel(StrEnum):
    """How a request came in. Pages for everybody count as the admin site: both believe the session of a browser."""

    API = "api"
    REST = "rest"
    ADMIN = "admin"
    COMMAND = "command"
    TASK = "task"


@dataclass
class Actor:
    """An account, its API key, its address and its channel, and the number of the tab where it is known.

    `look` returns the user of a session, which is only known later in a request.
    """

    channel: Channel
    user_id: str = ""
    name: str = ""
    key: str = ""
    address: str = ""
    tab: int = 0
    look: Callable[[], Any] | None = None

    def resolve(self) -> Actor:
        """Fill in the account from the session, unless `identify` has set one. Returns self."""
        if not self.user_id and self.look is not None:
            user = self.look()
            if getattr(user, "is_authenticated", False):
                self.user_id, self.name = str(user.pk), str(user)
        return self


_current: ContextVar[Actor | None] = ContextVar("actor", default=None)


def current() -> Actor:
    """The present actor; outside of requests and tasks, the person at a terminal of the server."""
    actor = _current.get()
    return actor.resolve() if actor is not None else Actor(channel=Channel.COMMAND, name=terminal_user())


def tab() -> int:
    """The number of the tab of a browser that the present request comes from; 0 where that is not known."""
    actor = _current.get()
    return actor.tab if actor is not None else 0


def terminal_user() -> str:
    """The name of the operating system's account."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may have no name for its number
        return ""


def identify(user_id: str, name: str, key: str = "") -> None:
    """Set the account of the present request, once it is authenticated."""
    actor = _current.get()
    if actor is not None:
        actor.user_id, actor.name, actor.key = user_id, name, key


@contextmanager
def acting(actor: Actor) -> Iterator[Actor]:
    """Make `actor` the present one inside the block."""
    token = _current.set(actor)
    try:
        yield actor
    finally:
        _current.reset(token)
