"""Answers go before scans: the web server tells when it is at work, and scans on the same machine wait a moment.

What tells it is one time in memory that the processes of a data folder share. Where there is no such memory, as on
macOS, nothing waits. Niceness alone would not do: it yields to every program of the machine, and beside a busy one a
scan would come to a standstill.
"""

from __future__ import annotations

import mmap
import os
import stat
import struct
import sys
import time
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

# from the beginning of a request: most have been answered then
AT_WORK_SECONDS: Final = 0.02
# of a scan before each batch of files: it goes on, however many requests there are
LONGEST_WAIT_SECONDS: Final = 0.01
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - what is in it is checked
_TIME: Final = struct.Struct("=q")


class Sign:
    """The time until which the web server is at work, in nanoseconds of the machine's own clock."""

    def __init__(self, memory: mmap.mmap | None) -> None:
        self._memory = memory

    def set_at_work(self) -> None:
        """Tell that a request has begun."""
        if self._memory is not None:
            _TIME.pack_into(self._memory, 0, time.monotonic_ns() + int(AT_WORK_SECONDS * 1e9))

    def until(self) -> int:
        """The time that was set last; 0 when there was none."""
        return 0 if self._memory is None else int(_TIME.unpack_from(self._memory, 0)[0])

    def wait_seconds(self) -> float:
        """How long to wait now."""
        return min(max((self.until() - time.monotonic_ns()) / 1e9, 0.0), LONGEST_WAIT_SECONDS)

    def give_way(self) -> None:
        """Wait as long as the web server is at work, but `LONGEST_WAIT_SECONDS` at most."""
        if seconds := self.wait_seconds():
            time.sleep(seconds)


@lru_cache(maxsize=8)
def sign_of(data_folder: Path, memory: Path = MEMORY) -> Sign:
    """The sign of the servers and workers with this data folder, and of the user that they run as."""
    # the clock counts for all processes there; elsewhere it may begin with the process
    if sys.platform != "linux":
        return Sign(None)
    name = blake2b(os.fsencode(data_folder.resolve()), digest_size=16).hexdigest()
    try:
        return Sign(share(memory / f"navidrome-lib-{os.getuid()}-{name}"))
    except OSError:
        return Sign(None)


def share(path: Path) -> mmap.mmap:
    """Memory of `_TIME.size` bytes; raises OSError for a file that is not our own."""
    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        facts = os.fstat(number)
        if facts.st_uid != os.getuid() or not stat.S_ISREG(facts.st_mode):
            raise PermissionError("the shared memory is of another user")
        if facts.st_size < _TIME.size:
            os.ftruncate(number, _TIME.size)
        return mmap.mmap(number, _TIME.size)
    finally:
        os.close(number)
