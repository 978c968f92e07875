"""The gate of password hashing: of all processes of a machine, as many hash at once as it has cores.

A hash takes a tenth of a second of a core, on purpose. Without a gate a few dozen sign-ins at once, right or wrong,
would leave no core to those who are signed in.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.conf import settings

from navidrome_lib.errors import Unavailable

FOLDER: Final = "hashing"
BUSY: Final = "Too many people are signing in at this moment. Try again in a few seconds."
RETRY_SECONDS: Final = 2
# how often one that waits looks for a free slot
STEP_SECONDS: Final = 0.02


@contextmanager
def hashing_slot() -> Iterator[None]:
    """Hold one of the slots inside the block; `Unavailable` when none is free within the time of the settings."""
    limit = time.monotonic() + settings.HASHING_LIMITS.wait_seconds
    while (slot := _take_slot()) is None:
        if time.monotonic() >= limit:
            raise Unavailable(BUSY, retry_after=RETRY_SECONDS)
        time.sleep(STEP_SECONDS)
    try:
        yield
    finally:
        os.close(slot)


def _take_slot() -> int | None:
    """The open file of a slot, locked; the kernel frees it when it is closed, and also when the process is killed."""
    data_folder: Path = settings.CONF.data_folder
    folder = data_folder / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    for number in range(settings.HASHING_LIMITS.at_once):
        slot = os.open(folder / str(number), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(slot)
        else:
            return slot
    return None
