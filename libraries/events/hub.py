"""The open streams of this process, and the one thread that serves them."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.signals import user_logged_out
from django.db import DatabaseError, connections
from django.dispatch import receiver

from libraries.events.bulletin import Bulletin, LibraryIds
from libraries.events.extension import Reader, Teller, readers
from libraries.events.news import News, NewsReader
from libraries.limits import EventLimits
from navidrome_lib.api import streams
from navidrome_lib.api.wire import instant
from navidrome_lib.errors import Unavailable
from navidrome_lib.limits import limits_of
from navidrome_lib.version import SERVER_VERSION
from navidrome_lib.viewer import Viewer

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Stream:
    """An open stream. `viewer_now` looks at its credentials again, and returns None when they are not good any more."""

    channel: streams.Channel
    viewer: Viewer
    viewer_now: Callable[[], Viewer | None]
    check_at: float
    keep_alive_at: float
    end_at: float
    # what it could access when it was last told something; None: tell how things are
    libraries: LibraryIds | None = None
    # something may have happened that it was not told
    missed: bool = False
    # the number of the tab at the other end; 0 where that is not known
    tab: int = 0

    def tell(self, event: str, data: Any) -> None:
        self.channel.send(streams.message(event, data, self.tab))


def let_go_of_connections() -> None:
    """Close those to a server, which has few; one to SQLite is an open file, and kept as requests keep theirs."""
    for connection in connections.all(initialized_only=True):
        if connection.vendor == "sqlite":
            connection.close_if_unusable_or_obsolete()
        else:
            connection.close()


class Hub:
    """Tells all streams of this process what changed, from one thread that lives as long as there is a stream.

    Between two looks it holds no connection to a database server. `threaded` is off where a test calls `tick` itself.
    """

    def __init__(self, *, threaded: bool = True) -> None:
        self._threaded = threaded
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._streams: dict[Stream, None] = {}
        self._reader = NewsReader()
        # those of other apps, which are there when the first look is taken
        self._others: list[Reader] | None = None

    def open(
        self, channel: streams.Channel, viewer: Viewer, viewer_now: Callable[[], Viewer | None], *, tab: int = 0
    ) -> None:
        """Begin a stream; it is told how things are, and what changes from now on."""
        limits, now = self._limits(), time.monotonic()
        stream = Stream(
            channel,
            viewer,
            viewer_now,
            check_at=now + limits.rights_seconds,
            keep_alive_at=now + limits.keep_alive_seconds,
            end_at=now + limits.longest_seconds,
            tab=tab,
        )
        channel.send(streams.reconnect_after(limits.reconnect_seconds))
        stream.tell("serverStart", {"startTime": instant(streams.STARTED_AT), "version": SERVER_VERSION})
        with self._lock:
            superseded = self._superseded() if len(self._streams) >= limits.most else None
            self._streams[stream] = None
            if self._thread is None and self._threaded:
                self._thread = threading.Thread(target=self._run, name="events", daemon=True)
                self._thread.start()
        if superseded is not None:
            self._end(superseded)
        channel.on_close(lambda: self._forget(stream))
        self._wake.set()

    def count(self) -> int:
        """The streams that are open now."""
        with self._lock:
            return len(self._streams)

    def check_rights_of(self, user_pk: Any, *, seconds: float = 0.0) -> None:
        """Look at the credentials of one account in `seconds` at the latest."""
        latest = time.monotonic() + seconds
        for stream in self._all():
            if stream.viewer.pk == user_pk:
                stream.check_at = min(stream.check_at, latest)

    def tick(self) -> None:
        """Look once, and tell what there is to tell."""
        limits, now = self._limits(), time.monotonic()
        news = self._reader.look()
        bulletin = Bulletin(news, self._reader.followed.values())
        tellers = self._look_elsewhere(news)
        streams_now = self._all()
        tabs = Counter(stream.tab for stream in streams_now)
        for stream in streams_now:
            due = now >= stream.check_at or news.concern_rights_of(stream.viewer)
            if due and not self._has_rights(stream, now + limits.rights_seconds):
                self._end(stream)
            elif due or news or tellers or stream.libraries is None:
                others = tellers if stream.libraries is not None else ()
                # of two streams of one tab, one is of another tab of the browser: it must be told
                tab = stream.tab if tabs[stream.tab] == 1 else 0
                told = bulletin.events(stream.viewer, stream.libraries, missed=stream.missed, tab=tab)
                events, stream.libraries = told
                stream.missed = False
                for event, data in itertools.chain(events, *(teller(stream.viewer, tab) for teller in others)):
                    stream.tell(event, data)

    def _look_elsewhere(self, news: News) -> list[Teller]:
        if self._others is None:
            self._others = readers()
        return [teller for reader in self._others if (teller := reader.look(news.entries)) is not None]

    def _has_rights(self, stream: Stream, check_at: float) -> bool:
        viewer = stream.viewer_now()
        if viewer is None:
            return False
        stream.viewer, stream.check_at = viewer, check_at
        return True

    def _run(self) -> None:
        try:
            self._serve()
        finally:
            connections.close_all()

    def _serve(self) -> None:
        self._reader, self._others = NewsReader(), None
        while self._goes_on():
            try:
                self.tick()
            except (DatabaseError, Unavailable):
                self._begin_again()  # what is away comes back
            except Exception:
                log.exception("the event streams have failed, and begin again")
                self._end_all()
            finally:
                let_go_of_connections()
            self._keep_alive()
            self._wake.wait(self._limits().poll_seconds)
            self._wake.clear()

    def _goes_on(self) -> bool:
        """Whether there is anybody to serve; the decision to end is one with its note."""
        if streams.must_end():
            self._end_all()
        with self._lock:
            if not self._streams:
                self._thread = None
                return False
        return True

    def _begin_again(self) -> None:
        """Look as at the first time, and tell all streams how things are: who was told what is not known."""
        self._reader, self._others = NewsReader(), None
        for stream in self._all():
            stream.libraries, stream.missed = None, True

    def _keep_alive(self) -> None:
        now = time.monotonic()
        for stream in self._all():
            if now >= stream.end_at:
                self._end(stream)
            elif now >= stream.keep_alive_at:
                stream.keep_alive_at = now + self._limits().keep_alive_seconds
                stream.tell("keepAlive", {"ts": int(time.time())})

    def _superseded(self) -> Stream:
        """The oldest stream of the account that has most of them: a new tab counts more than one of long ago."""
        owners = Counter(stream.viewer.pk for stream in self._streams)
        (owner, _), *_ = owners.most_common(1)
        return next(stream for stream in self._streams if stream.viewer.pk == owner)

    def _end(self, stream: Stream) -> None:
        self._forget(stream)
        stream.channel.close()

    def _end_all(self) -> None:
        for stream in self._all():
            self._end(stream)

    def _forget(self, stream: Stream) -> None:
        with self._lock:
            self._streams.pop(stream, None)
            if not self._streams:
                self._wake.set()

    def _all(self) -> list[Stream]:
        with self._lock:
            return list(self._streams)

    def _limits(self) -> EventLimits:
        limits: EventLimits = limits_of(EventLimits)
        return limits


HUB: Final = Hub()


@receiver(user_logged_out)
def check_after_sign_out(user: Any, **_: Any) -> None:
    """End the streams of a session that signs out. It is still there at this moment, so they are looked at behind it.

    Only those of this process; others find the session gone at their own next check.
    """
    if user is not None:
        HUB.check_rights_of(user.pk, seconds=1.0)
