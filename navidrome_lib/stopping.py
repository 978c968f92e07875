"""Whether this process was asked to stop: set by the parent of a pool, read by the processes that it forked."""

from __future__ import annotations

import mmap

# shared with every process that is forked from this one, and safe to write to in a signal handler; a process that was
# started in another way (macOS) never sees it, and is ended by the signal that follows
_asked = mmap.mmap(-1, 1)


def renew() -> None:
    """From now on this process and its children have a wish of their own, not that of the process they came from."""
    global _asked
    _asked = mmap.mmap(-1, 1)


def ask() -> None:
    """From now on, long work in this process and in its children ends soon."""
    _asked[0] = 1


def is_asked() -> bool:
    """Whether long work is to end soon; it will be gone on with later."""
    return bool(_asked[0])


def forget() -> None:
    """Take it back."""
    _asked[0] = 0
