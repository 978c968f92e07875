"""Messages to the workers that no answer waits for, and of which none is of use later."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

logger = logging.getLogger(__name__)

REMEMBERED: Final = 5000
# messages that wait for the broker; more are forgotten
WAITING: Final = 200

# what a task is called with; lists are tuples here
Message = tuple[str | tuple[str, ...], ...]


class Outbox:
    """Sends messages for one task from a thread of its own, so that a broker that is slow or away holds up no answer.

    A message that no worker takes in `expires` seconds is of no use. The same one is not sent again for `again()`
    seconds.
    """

    def __init__(self, task: str, *, expires: int, again: Callable[[], float]) -> None:
        self._task, self._expires, self._again = task, expires, again
        self._sent: OrderedDict[Message, float] = OrderedDict()
        self._waiting: queue.Queue[Message] = queue.Queue(WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def send(self, message: Message) -> bool:
        """Have a message sent soon; False where the same one was a short while ago, or too many wait."""
        now = time.monotonic()
        with self._lock:
            if now - self._sent.get(message, -float("inf")) < self._again():
                return False
            try:
                self._waiting.put_nowait(message)
            except queue.Full:
                return False
            self._sent[message] = now
            self._sent.move_to_end(message)
            if len(self._sent) > REMEMBERED:
                self._sent.popitem(last=False)
            # a process that was forked has none of the threads of its parent
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._deliver, name="messages", daemon=True)
                self._thread.start()
        return True

    def join(self) -> None:
        """Wait until all messages are sent."""
        self._waiting.join()

    def forget(self) -> None:
        """Send again what was sent before."""
        with self._lock:
            self._sent.clear()

    def _deliver(self) -> None:
        # a third of the start of a process that may never have anything to deliver
        from navidrome_lib.celery import app  # noqa: PLC0415

        while True:
            message = self._waiting.get()
            try:
                values = [list(each) if isinstance(each, tuple) else each for each in message]
                app.send_task(self._task, values, expires=self._expires, retry=False)
            except Exception as error:  # whatever a broker's client raises
                logger.warning("The broker cannot be reached, %s is not sent: %s", self._task, error)
                with self._lock:
                    self._sent.pop(message, None)
            finally:
                self._waiting.task_done()
