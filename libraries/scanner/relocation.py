"""How much of a catalog lies below another root, found out by looking and without changing anything."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import Final

from libraries.models import Library, MediaFile
from libraries.scanner.context import join

MAX_SECONDS: Final = 3.0
MAX_SHOWN: Final = 20
STEP: Final = 2000


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
    for folder, name, path in songs.values_list("folder__path_bytes", "name_bytes", "path").iterator(STEP):
        if time.monotonic() > end:
            match.complete = False
            break
        match.looked += 1
        if os.path.isfile(os.path.join(base, join(bytes(folder), bytes(name)))):
            match.found += 1
        elif len(match.absent) < MAX_SHOWN:
            match.absent.append(path)
    return match
