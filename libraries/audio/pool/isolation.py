"""What keeps a process that reads files of strangers apart from the server: its environment, its memory, its end."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
# What such a process gets of our environment: what Python, its libraries and the system need. It must not hold the
# passwords of the database, the broker or an admin.
_PASSED: Final = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "VIRTUAL_ENV")
_PASSED_BEGINNINGS: Final = ("LC_", "PYTHON", "LD_", "DYLD_", "COVERAGE_")
_ROOT: Final = str(Path(__file__).resolve().parents[3])


def clean_environment() -> dict[str, str]:
    """Return the environment of a process of ours without anything secret; it finds our modules."""
    paths = [_ROOT, os.environ.get("PYTHONPATH", "")]
    kept = {name: value for name, value in os.environ.items() if name in _PASSED or name.startswith(_PASSED_BEGINNINGS)}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def limit_memory(memory: int) -> None:
    """Bound the memory of this process; macOS refuses the limit, and then there is none."""
    for name in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        try:
            _, hard = resource.getrlimit(name)
            bound = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
            resource.setrlimit(name, (bound, hard))
        except (OSError, ValueError):
            continue
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def die_with(parent: int) -> None:
    """End with the parent, even while reading hangs (Linux); elsewhere the closed pipe ends an idle process."""
    try:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError):
        return
    if os.getppid() != parent:
        sys.exit(0)
