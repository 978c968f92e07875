"""What accounts may cost at once."""

from __future__ import annotations

import os
from dataclasses import dataclass, field


def cores() -> int:
    """The cores that this process may use."""
    # macOS lets every process use all of them
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


@dataclass(frozen=True)
class HashingLimits:
    """How many passwords are hashed at once, and how long and how many more wait for their turn."""

    at_once: int = field(default_factory=cores)
    wait_seconds: float = 1.0
    # in one process; each that waits holds a thread of the web server, which has 32
    waiting: int = 8
