"""One of a number of places, across processes: a lock on a file, which the system gives back when its process dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def take_place(folder: Path, name: str, places: int) -> int | None:
    """The open file of a free place of that name; None when all are taken. Closing it gives the place back.

    The folder is made when it is not there.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in range(places):
        place = os.open(folder / f"{name}-{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(place)
        except BaseException:
            os.close(place)
            raise
        else:
            return place
    return None
