"""What people look at and nothing is kept of: workers are told, and no answer waits for that."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from django.conf import settings

from media.choices import CoverKind, Source
from media.limits import MediaLimits
from navidrome_lib.limits import limits_of

logger = logging.getLogger(__name__)

TASK: Final = "media.tasks.ask_outside"
# a message that no worker takes in this time is of no use: the next look sends another
EXPIRES_SECONDS: Final = 120
REMEMBERED: Final = 5000
# wishes that wait for the broker; more are forgotten
WAITING: Final = 200

Wish = tuple[str, str, tuple[str, ...]]


class Wishes:
    """Sends wishes from a thread of its own, so that a broker that is slow or away holds up no answer."""

    def __init__(self) -> None:
        self._sent: OrderedDict[Wish, float] = OrderedDict()
        self._waiting: queue.Queue[Wish] = queue.Queue(WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def send(self, wish: Wish) -> bool:
        """Have a wish sent soon; False where the same one was a short while ago, or too many wait."""
        now = time.monotonic()
        with self._lock:
            if now - self._sent.get(wish, -float("inf")) < limits_of(MediaLimits).outside_wish_seconds:
                return False
            try:
                self._waiting.put_nowait(wish)
            except queue.Full:
                return False
            self._sent[wish] = now
            self._sent.move_to_end(wish)
            if len(self._sent) > REMEMBERED:
                self._sent.popitem(last=False)
            # a process that was forked has none of the threads of its parent
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._deliver, name="wishes", daemon=True)
                self._thread.start()
        return True

    def join(self) -> None:
        """Wait until all wishes are sent."""
        self._waiting.join()

    def forget(self) -> None:
        """Send again what was sent before."""
        with self._lock:
            self._sent.clear()

    def _deliver(self) -> None:
        from navidrome_lib.celery import app  # noqa: PLC0415 - as in libraries.queue

        while True:
            wish = self._waiting.get()
            try:
                kind, item, sources = wish
                app.send_task(TASK, (kind, item, list(sources)), expires=EXPIRES_SECONDS, retry=False)
            except Exception as error:  # whatever a broker's client raises
                logger.warning("The broker cannot be reached, services outside are not asked: %s", error)
                with self._lock:
                    self._sent.pop(wish, None)
            finally:
                self._waiting.task_done()


wishes = Wishes()


def enabled_sources() -> list[Source]:
    """The services that are asked, the one that is believed first in front; none while that is off."""
    conf = settings.CONF
    if not conf.external.enabled:
        return []
    found = [Source(name) for name in conf.external.sources]
    return [source for source in found if source is not Source.LASTFM or conf.lastfm.api_key]


def sources_of(kind: CoverKind) -> list[Source]:
    """The enabled services that know something of a kind of thing."""
    without = Source.LISTENBRAINZ if kind is CoverKind.ALBUM else Source.COVER_ART_ARCHIVE
    return [source for source in enabled_sources() if source is not without]


def wish(kind: CoverKind, item: str, sources: Sequence[Source]) -> bool:
    """Have services asked about a thing that the viewer was found to see."""
    return bool(sources) and wishes.send((str(kind), item, tuple(map(str, sources))))
