"""How many songs are converted at once, in all and for one person, whatever the number of processes that answer."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from media.errors import TooManyTranscodes
from navidrome_lib.file_slots import take_place

OWN_ONES = "You are listening to as many converted songs at once as one person may."
RETRY_SECONDS = 5
_PAUSE = 0.05


class Slot:
    """The right to convert one song. It ends with `release`, and with the process that has it."""

    def __init__(self, locks: list[int]) -> None:
        self._locks = locks

    def release(self) -> None:
        for lock in self._locks:
            os.close(lock)
        self._locks.clear()


def take_slot(folder: Path, person: str, *, most: int, most_each: int, seconds: float) -> Slot:
    """A slot for a person; `TooManyTranscodes` when all of them, or the own ones, are taken for that number of seconds.

    A player that seeks asks again before the server has seen that its last connection is closed: worth a moment.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            return _try(folder, person, most, most_each)
        except TooManyTranscodes:
            if time.monotonic() >= end:
                raise
        time.sleep(_PAUSE)


def _try(folder: Path, person: str, most: int, most_each: int) -> Slot:
    who = hashlib.blake2b(person.encode(), digest_size=8).hexdigest()
    own = take_place(folder, f"person-{who}", most_each)
    if own is None:
        raise TooManyTranscodes(OWN_ONES, retry_after=RETRY_SECONDS)
    shared = take_place(folder, "all", most)
    if shared is None:
        os.close(own)
        raise TooManyTranscodes(retry_after=RETRY_SECONDS)
    return Slot([own, shared])
