"""Long answers that are kept as they were sent, for as long as what they tell is the same.

Of twenty thousand artists each answer takes a third of a second to make, and half a second as XML; clients ask for it
whenever they start.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from django.http import HttpResponse

from subsonic import renderers
from subsonic.params import Params
from subsonic.renderers import Payload

# of all answers that a process keeps
MOST_BYTES: Final = 32 * 1024 * 1024
NOTATIONS: Final = ("json", "xml")


class Kept:
    """Answers by their keys, those that were asked for last."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._answers: OrderedDict[str, tuple[bytes, str]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> tuple[bytes, str] | None:
        """The body and the type of an answer."""
        with self._lock:
            found = self._answers.get(key)
            if found is not None:
                self._answers.move_to_end(key)
            return found

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Keep an answer; the oldest ones go where there is no room."""
        with self._lock:
            self._take_out(key)
            self._answers[key] = (body, content_type)
            self._size += len(body)
            while self._size > self._most:
                self._take_out(next(iter(self._answers)))

    def _take_out(self, key: str) -> None:
        body, _ = self._answers.pop(key, (b"", ""))
        self._size -= len(body)


_kept: Final = Kept()


def kept_answer(params: Params, key: str, make: Callable[[], Payload], kept: Kept = _kept) -> HttpResponse:
    """The answer that has a key, which says all that it depends on but for its notation; made where there is none."""
    notation = params.text("f").lower() or "xml"
    if notation not in NOTATIONS:
        return renderers.success(make(), params)
    known = kept.get(f"{notation} {key}")
    if known is not None:
        return HttpResponse(known[0], content_type=known[1])
    response = renderers.success(make(), params)
    kept.put(f"{notation} {key}", response.content, response["Content-Type"])
    return response
