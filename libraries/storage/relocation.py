"""How much of a catalog lies below another root, found out by looking and without changing anything."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from libraries.limits import StorageLimits
from libraries.models import Library, MediaFile
from libraries.scanner import join
from libraries.timeouts import call_with_timeout
from navidrome_lib.db.bulk import chunks
from navidrome_lib.limits import limits_of

MAX_SECONDS: Final = 3.0
MAX_SHOWN: Final = 20
STEP: Final = 2000
# what a single look may take longer than all of them together
_GRACE: Final = 0.5


@dataclass(slots=True)
class Match:
    """The songs that were looked for and found, and the first that were not. Not `complete`: time was up first."""

    looked: int = 0
    found: int = 0
    absent: list[str] = field(default_factory=list)
    complete: bool = True

    @property
    def lost(self) -> int:
        return self.looked - self.found


def match_root(library: Library, root: str, *, seconds: float = MAX_SECONDS) -> Match:
    """Which present songs of `library` have a file at the same place below `root`. Looks for at most `seconds`."""
    end, base, match = time.monotonic() + seconds, os.fsencode(root), Match()
    # without an order, which would cost a sort of the whole catalog
    songs = MediaFile.objects.present().filter(library=library).order_by()
    rows = songs.values_list("folder__path_bytes", "name_bytes", "path").iterator(STEP)
    for piece in chunks(rows, STEP):
        places = [os.path.join(base, join(bytes(folder), bytes(name))) for folder, name, _ in piece]
        there = _look(places, root, end)
        match.looked += len(there)
        match.found += sum(there)
        lost = (path for (*_, path), is_there in zip(piece, there, strict=False) if not is_there)
        match.absent += islice(lost, MAX_SHOWN - len(match.absent))
        if len(there) < len(places):
            match.complete = False
            break
    return match


def _look(places: Iterable[bytes], root: str, end: float) -> list[bool]:
    """Whether there is a file, for as many of the places as time allows. What the storage never tells is left out."""
    there: list[bool] = []

    def look() -> None:
        for place in places:
            if time.monotonic() > end:
                return
            there.append(os.path.isfile(place))

    with suppress(TimeoutError):
        left = max(0.0, end - time.monotonic())
        call_with_timeout(look, about=root, seconds=left + _GRACE, limits=limits_of(StorageLimits))
    # a call that hangs may return later, when the result is no longer used
    return list(there)
