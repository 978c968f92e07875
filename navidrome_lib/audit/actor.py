"""Who is acting now: set where a request, a command or a task begins, read where a change is recorded."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass
class Actor:
    """`door` is api, rest, admin, command or task. `look` finds an account that is only known later in a request."""

    door: str
    user_id: str = ""
    name: str = ""
    key: str = ""
    address: str = ""
    look: Callable[[], Any] | None = None

    def resolve(self) -> Actor:
        """With the account of a session, when nothing else said who it is."""
        if not self.user_id and self.look is not None:
            user = self.look()
            if getattr(user, "is_authenticated", False):
                self.user_id, self.name = str(user.pk), str(user)
        return self


_current: ContextVar[Actor | None] = ContextVar("actor", default=None)


def current() -> Actor:
    """Who acts; outside of requests and tasks it is a person at a terminal of the server."""
    actor = _current.get()
    return actor.resolve() if actor is not None else Actor(door="command", name=terminal_user())


def terminal_user() -> str:
    """The account of the operating system."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may have no name for its number
        return ""


def identify(user_id: str, name: str, key: str = "") -> None:
    """Say who the present request is from, once that is proved."""
    actor = _current.get()
    if actor is not None:
        actor.user_id, actor.name, actor.key = user_id, name, key


@contextmanager
def acting(actor: Actor) -> Iterator[Actor]:
    """What is recorded inside was done by `actor`."""
    token = _current.set(actor)
    try:
        yield actor
    finally:
        _current.reset(token)
