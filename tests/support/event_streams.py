"""Streams of `/api/events` without a web server: a test is the client at the other end."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.test import Client

from libraries.events.hub import Hub
from navidrome_lib.viewer import Viewer

URL = "/api/events"


class Event(NamedTuple):
    name: str
    data: Any


def parse(chunk: bytes) -> Event | None:
    """The event in what was sent at once; None when there is none."""
    lines = dict(line.split(": ", 1) for line in chunk.decode().splitlines() if ": " in line)
    if "event" not in lines:
        return None
    assert lines["id"].isdigit()
    assert chunk.endswith(b"\n\n")
    return Event(lines["event"], json.loads(lines["data"]))


class Stream:
    """The client's end of a stream, which stands where the web server has its channel."""

    def __init__(self) -> None:
        self.chunks: queue.Queue[bytes | None] = queue.Queue()
        self.ended = False
        self._callbacks: list[Callable[[], None]] = []

    @classmethod
    def asked(cls, client: Client, url: str = URL, **options: Any) -> Stream:
        """The stream that the server gives to a client."""
        response: Any = client.get(url, **options)
        assert response.status_code == 200
        stream = cls()
        response.take_over(stream)
        return stream

    @classmethod
    def of(cls, hub: Hub, viewer: Viewer) -> Stream:
        """A stream of this hub, whose viewer keeps its rights."""
        stream = cls()
        hub.open(stream, viewer, lambda: viewer)
        return stream

    def send(self, data: bytes) -> None:
        self.chunks.put(data)

    def close(self) -> None:
        """End the stream, from either side."""
        self.ended = True
        self.chunks.put(None)
        for callback in self._callbacks:
            callback()

    def on_close(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def events(self) -> Iterator[Event]:
        """The events as they come, until the stream ends."""
        while (chunk := self.chunks.get(timeout=30)) is not None:
            event = parse(chunk)
            if event is not None:
                yield event

    def until(self, name: str) -> Any:
        """The data of the next event of that name."""
        return next(event.data for event in self.events() if event.name == name)

    def rest(self) -> list[Event]:
        """All events until the stream ends."""
        return list(self.events())

    def so_far(self) -> list[Event]:
        """The events that have been sent and not been read."""
        found = []
        while not self.chunks.empty():
            event = parse(self.chunks.get() or b"")
            if event is not None:
                found.append(event)
        return found
