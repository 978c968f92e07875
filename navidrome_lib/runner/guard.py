"""No process of ours outlives its supervisor, even one that was killed with -9.

Two roles in one file that needs nothing but the standard library, run by its path so that nothing else is imported:

* `guard.py exec PIPE PARENT USER NICE COMMAND…` announces its process group to the sentinel, asks the kernel (on
  Linux) to be told when the parent dies, becomes USER (`uid:gid`, or `-` to stay), steps back by NICE and turns into
  COMMAND.
* `guard.py watch` is the sentinel: it learns of groups from its standard input and ends all of them when that pipe
  closes, which happens whatever way the supervisor goes.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
GRACE = 5.0


def main(arguments: list[str]) -> None:
    """Play the role that the first argument names."""
    if arguments[0] == "watch":
        watch(sys.stdin.fileno())
    else:
        pipe, parent, user, nice, *command = arguments[1:]
        become(int(pipe), int(parent), user, int(nice), command)


def become(pipe: int, parent: int, user: str, nice: int, command: list[str]) -> None:
    """Announce this group, tie it to its parent, and replace this program with `command`."""
    # before anything else happens: there is no moment in which the sentinel does not know this group
    announce(pipe)
    os.close(pipe)
    if user != "-":
        uid, gid = (int(part) for part in user.split(":"))
        os.setgroups([gid])
        os.setgid(gid)
        os.setuid(uid)
    step_back(nice)
    # after setuid, which would clear it
    end_with(parent)
    # Python ignores SIGPIPE, and what is ignored stays ignored through exec
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)  # noqa: S606 - an argument list of ours
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


def announce(pipe: int) -> None:
    """Tell the sentinel of this group."""
    os.write(pipe, b"add %d\n" % os.getpid())


def end_with(parent: int) -> None:
    """Have the kernel tell this process when its parent dies, where it can."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)  # it died before the kernel was asked


def step_back(nice: int) -> None:
    """Let other processes go first when the processor is wanted by many."""
    if not nice:
        return
    os.nice(nice)
    # where Linux shares the processor out between sessions, and ours is one, the niceness of a process means nothing
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as group:
        group.write(str(nice))


def watch(pipe: int) -> None:
    """Keep the set of announced groups until the pipe closes, then end them: politely first, by force after `GRACE`."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: set[int] = set()
    with os.fdopen(pipe, "r", closefd=False) as lines:
        for line in lines:
            verb, number = line.split()
            if verb == "add":
                groups.add(int(number))
            else:
                groups.discard(int(number))
    end(groups, signal.SIGTERM)
    limit = time.monotonic() + GRACE
    while time.monotonic() < limit and any(alive(group) for group in groups):
        time.sleep(0.05)
    end(groups, signal.SIGKILL)


def end(groups: set[int], number: signal.Signals) -> None:
    """Send the signal to every group that still exists."""
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)


def alive(group: int) -> bool:
    """Whether any process of the group exists."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
