"""What a service is to run, and how it is asked to stop."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# signal to the leader, then the seconds that it may take before the next step; the whole group is killed at the end
StopSteps = Sequence[tuple[signal.Signals, float]]


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run and how to stop it."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    stop: StopSteps = ((signal.SIGTERM, 5.0),)
    pass_fds: Sequence[int] = field(default=())
    user: tuple[int, int] | None = None
    # steps behind other processes, 0 to 19
    nice: int = 0
    # where the supervisor has loaded the module that `argv` names (Python, `-m`, module, its arguments)
    is_loaded: bool = False
