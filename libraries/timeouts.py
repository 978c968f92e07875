"""Questions to storage that may never answer, such as a network mount whose server is gone.

The caller gets an answer or an error in time. What hangs in the kernel cannot be ended: its thread stays behind until
the storage answers or the process ends, so the same question is not put again meanwhile, and all questions together
leave only a few threads behind.
"""

from __future__ import annotations

import errno
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

SECONDS: Final = 4.0
MOST: Final = 32

_lock = threading.Lock()
_asking: dict[str, list[float]] = defaultdict(list)


def call_with_timeout(work: Callable[[], T], *, about: str, seconds: float | None = None) -> T:
    """What `work` returns or raises; a TimeoutError when that takes longer than `seconds` (or else `SECONDS`).

    The error is an OSError, with a text for people. `work` must touch nothing but the disk; `about` is the path that it
    looks at.
    """
    began, seconds = time.monotonic(), SECONDS if seconds is None else seconds
    with _lock:
        if any(began - since > SECONDS for since in _asking.get(about, ())):
            raise no_answer("its storage still does not answer")
        if sum(map(len, _asking.values())) >= MOST:
            raise no_answer("too many questions wait for storage that does not answer")
        _asking[about].append(began)
    results: list[T] = []
    errors: list[BaseException] = []

    def ask() -> None:
        try:
            results.append(work())
        except BaseException as error:  # it is raised again by who asked
            errors.append(error)
        finally:
            with _lock:
                _asking[about].remove(began)
                if not _asking[about]:
                    del _asking[about]

    thread = threading.Thread(target=ask, name="patience", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if results:
        return results[0]
    raise no_answer(f"its storage did not answer within {seconds:g} seconds")


def no_answer(text: str) -> TimeoutError:
    return TimeoutError(errno.ETIMEDOUT, text)
