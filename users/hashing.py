"""The gate of password hashing: of all processes of a machine, as many hash at once as it has cores.

A hash takes a tenth of a second of a core, on purpose. Without a gate a few dozen sign-ins at once, right or wrong,
would leave no core to those who are signed in.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.conf import settings

from navidrome_lib.errors import Unavailable
from navidrome_lib.file_slots import take_place
from navidrome_lib.limits import limits_of
from users.limits import HashingLimits

FOLDER: Final = "hashing"
BUSY: Final = "Too many people are signing in at this moment. Try again in a few seconds."
RETRY_SECONDS: Final = 2
# how often one that waits looks for a free slot
STEP_SECONDS: Final = 0.02

# the threads of this process that wait for a slot
_waiting: Final[set[int]] = set()
_may_wait: Final = threading.Lock()


@contextmanager
def hashing_slot() -> Iterator[None]:
    """Hold one of the slots inside the block.

    `Unavailable` when none is free within the time of the settings, and at once when enough threads wait already.
    """
    slot = _take_slot()
    if slot is None:
        slot = _wait_for_slot()
    try:
        yield
    finally:
        os.close(slot)


def _wait_for_slot() -> int:
    """The open file of the next free slot; `Unavailable` without one, or when too many wait already."""
    limits = limits_of(HashingLimits)
    with _may_wait:
        if len(_waiting) >= limits.waiting:
            raise Unavailable(BUSY, retry_after=RETRY_SECONDS)
        _waiting.add(threading.get_ident())
    end = time.monotonic() + limits.wait_seconds
    try:
        while time.monotonic() < end:
            time.sleep(STEP_SECONDS)
            if (slot := _take_slot()) is not None:
                return slot
    finally:
        _waiting.discard(threading.get_ident())
    raise Unavailable(BUSY, retry_after=RETRY_SECONDS)


def _take_slot() -> int | None:
    """The open file of a slot; the system frees it when it is closed, and also when the process is killed."""
    data_folder: Path = settings.CONF.data_folder
    return take_place(data_folder / FOLDER, "slot", limits_of(HashingLimits).at_once)
