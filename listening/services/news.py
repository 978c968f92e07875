"""What is told to open event streams beside the audit trail, which has no favourites, ratings and plays.

A short log in the cache that the processes share: who looks late has missed it, and nothing depends on it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, NamedTuple

from django.core.cache import cache
from django.db import transaction

from listening.models import Annotation
from navidrome_lib.audit import actor

# an entry gets its number before it is there: a look that finds it missing looks again, as long as it may still come
KEPT_SECONDS: Final = 60
LOOKS: Final = 3
# of one look; a process that has slept longer begins again with what is new then
MOST: Final = 500
# of one kind in one entry; more are told as all of that kind
MOST_IDS: Final = 50
ALL: Final = "*"
_NUMBER: Final = "listening-news"


class Told(NamedTuple):
    """That things of one kind are otherwise for one person; without a person, that others play something else."""

    user_id: str
    kind: str = ""
    ids: tuple[str, ...] = ()
    # the number of the tab that it comes from; 0 where that is not known
    tab: int = 0


def tell_own(user_id: str, notes: type[Annotation], ids: Collection[str]) -> None:
    """Tell a person's streams what that person has noted of some things, when the present transaction has ended."""
    if ids:
        shown = (ALL,) if len(ids) > MOST_IDS else tuple(sorted(ids))
        told = Told(user_id, notes.thing, shown, actor.tab())
        transaction.on_commit(lambda: _add(told))


def tell_playing() -> None:
    """Tell that a player plays something else."""
    _add(Told(""))


def _add(told: Told) -> None:
    cache.add(_NUMBER, 0, None)
    try:
        number = cache.incr(_NUMBER)
    except ValueError:  # the cache has just been emptied
        return
    cache.set(_key(number), list(told), KEPT_SECONDS)


def _key(number: int) -> str:
    return f"{_NUMBER}:{number}"


class NewsLog:
    """Reads the log from the first look on; each look is one question to the cache while nothing happens."""

    def __init__(self) -> None:
        self._read: int | None = None
        # the numbers that were not there yet, with the looks that are left for them
        self._awaited: dict[int, int] = {}

    def look(self) -> list[Told]:
        """What was told since the last look."""
        number = int(cache.get(_NUMBER) or 0)
        if self._read is None or number < self._read:
            # the cache was emptied: what came since then is told
            self._read = number if self._read is None else 0
        first = max(self._read, number - MOST) + 1
        wanted = {**self._awaited, **dict.fromkeys(range(first, number + 1), LOOKS)}
        self._read, self._awaited = number, {}
        found = []
        for each, looks in sorted(wanted.items()):
            told = _told(cache.get(_key(each)))
            if told is not None:
                found.append(told)
            elif looks > 1:
                self._awaited[each] = looks - 1
        return found


def _told(value: Any) -> Told | None:
    """An entry of the log; None for what is none."""
    if not isinstance(value, (list, tuple)) or len(value) not in (3, 4):  # another version wrote no tab
        return None
    user_id, kind, ids, *tab = value
    return Told(str(user_id), str(kind), tuple(map(str, ids)), *map(int, tab))
