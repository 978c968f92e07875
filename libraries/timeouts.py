"""Calls to storage that may never answer, such as a network mount whose server is gone.

The caller gets an answer or an error in time. What hangs in the kernel cannot be ended: its thread stays behind until
the storage answers or the process ends. So a call about a place that has hung for a while is refused at once, and all
calls together leave at most `StorageLimits.calls` threads behind.
"""

from __future__ import annotations

import errno
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from libraries.limits import StorageLimits

T = TypeVar("T")

LIMITS: Final = StorageLimits()


@dataclass(eq=False)
class _Call(Generic[T]):
    """A call in a thread of its own, and what came of it."""

    work: Callable[[], T]
    about: str
    began: float = field(default_factory=time.monotonic)
    ended: threading.Event = field(default_factory=threading.Event)
    results: list[T] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    # a caller has waited for it as long as one waits
    has_hung: bool = False

    def run(self) -> None:
        try:
            self.results.append(self.work())
        except BaseException as error:  # it is raised again by the caller
            self.errors.append(error)
        finally:
            _forget(self)
            self.ended.set()


_lock = threading.Lock()
_pending: dict[str, list[_Call[object]]] = defaultdict(list)


def call_with_timeout(
    work: Callable[[], T],
    *,
    about: str,
    seconds: float | None = None,
    alone: bool = False,
    limits: StorageLimits = LIMITS,
) -> T:
    """What `work` returns or raises; a TimeoutError when that takes longer than `seconds` (or else those of `limits`).

    The error is an OSError, with a text for people. `work` must touch nothing but the disk; `about` is the path that it
    looks at. An `alone` call waits for an earlier one about the same path, so that never two of them hang.
    """
    seconds = limits.seconds if seconds is None else seconds
    end = time.monotonic() + seconds
    call = _Call(work, about)
    while (earlier := _begin(call, limits, alone=alone)) is not None:
        if not earlier.ended.wait(max(0.0, end - time.monotonic())):
            raise no_answer(f"its storage did not answer within {seconds:g} seconds")
    threading.Thread(target=call.run, name=f"storage call: {about}", daemon=True).start()
    call.ended.wait(max(0.0, end - time.monotonic()))
    if call.errors:
        raise call.errors[0]
    if call.results:
        return call.results[0]
    call.has_hung = seconds >= limits.seconds
    raise no_answer(f"its storage did not answer within {seconds:g} seconds")


def _begin(call: _Call[T], limits: StorageLimits, *, alone: bool) -> _Call[object] | None:
    """Count a call as pending, or return the pending one that it has to wait for. Raises when it would likely hang."""
    with _lock:
        same = _pending.get(call.about, [])
        if same and alone:
            return same[0]
        now = time.monotonic()
        if any(earlier.has_hung or now - earlier.began > limits.seconds for earlier in same):
            raise no_answer("its storage still does not answer")
        if sum(map(len, _pending.values())) >= limits.calls:
            raise no_answer("too many questions wait for storage that does not answer")
        _pending[call.about].append(call)  # type: ignore[arg-type]
        return None


def _forget(call: _Call[T]) -> None:
    with _lock:
        _pending[call.about].remove(call)  # type: ignore[arg-type]
        if not _pending[call.about]:
            del _pending[call.about]


def pending_calls() -> int:
    """The number of calls that have no answer yet."""
    with _lock:
        return sum(map(len, _pending.values()))


def no_answer(text: str) -> TimeoutError:
    return TimeoutError(errno.ETIMEDOUT, text)
